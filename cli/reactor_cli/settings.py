"""What `reactor run` can be told: flag > environment > configuration file > default.

The names in the environment are the field's with `REACTOR_` before it, except those that others have coined
(`LIVEKIT_*`, `MAX_SESSION_DURATION_SECONDS`). The coordinator and the runtime server read the same names.
"""

import difflib
import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from reactor_cli.errors import UsageProblem

LOOPBACK = "127.0.0.1"
ANY_HOST = "0.0.0.0"  # noqa: S104 - asked for
Port = int


def _port(default: int) -> Any:
    return Field(default=default, ge=1, le=65535)


class RunSettings(BaseSettings):
    """The settings of one stack. Times are seconds, 0 = off; secrets never come by argument."""

    model_config = SettingsConfigDict(
        env_prefix="REACTOR_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    config: Path | None = None
    """The configuration file (TOML); its keys are these fields."""
    path: Path = Path()
    """The model's folder."""
    install: bool = False
    """Install what its requirements.txt asks for and isn't here."""
    runtime: Literal["livekit"] = "livekit"

    host: str | None = None
    """The address the coordinator listens on; anything but loopback opens LiveKit as well."""
    coordinator_port: Port = _port(8080)
    runtime_port: Port = _port(8081)
    livekit_port: Port = _port(7880)
    media_tcp_port: Port = _port(7881)
    media_udp_port: Port = _port(7882)

    public_host: str | None = None
    """This machine's name or address for others; opens coordinator and LiveKit to the network."""
    livekit_public_url: str | None = None
    """What clients are told to connect to."""
    allow_origin: Annotated[list[str], NoDecode] = []

    livekit_url: str | None = Field(default=None, validation_alias="LIVEKIT_URL")
    """A LiveKit server that runs already."""
    livekit_api_key: str | None = Field(default=None, validation_alias="LIVEKIT_API_KEY")
    livekit_api_secret: SecretStr | None = Field(default=None, validation_alias="LIVEKIT_API_SECRET")
    runtime_key: SecretStr | None = None
    runtime_key_file: Path | None = None

    latency: Literal["low", "smooth"] = "low"
    video_codec: Literal["vp9", "h264", "vp8", "av1"] | None = None
    max_bitrate: int | None = Field(default=None, ge=100_000, le=100_000_000)
    """Bits per second."""

    orphan_timeout: float = Field(default=30.0, ge=0)
    join_timeout: float = Field(default=30.0, gt=0)
    idle_timeout: float = Field(default=0.0, ge=0)
    max_session_duration: float = Field(
        default=0.0,
        ge=0,
        validation_alias=AliasChoices("MAX_SESSION_DURATION_SECONDS", "REACTOR_MAX_SESSION_DURATION"),
    )
    max_queue: int = Field(default=100, ge=0)
    strict_model_name: bool = False

    bucket: str = Field(
        default="reactor-models", validation_alias=AliasChoices("REACTOR_MODELS_BUCKET", "REACTOR_BUCKET")
    )
    offline: bool = False

    verbose: bool = False
    log_format: Literal["console", "json"] | None = None
    """None: console in a terminal, else plain lines."""
    debug: bool = False
    debug_port: Port = _port(5678)

    @field_validator("runtime", mode="before")
    @classmethod
    def _only_livekit_yet(cls, value: object) -> object:
        if value in ("http", "headless"):
            raise ValueError(f"the {value} runtime comes in a later version; use livekit")
        return value

    @field_validator("allow_origin", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _key_of_given_livekit(self) -> Self:
        if self.livekit_url and not (self.livekit_api_key and self.livekit_api_secret):
            raise ValueError(f"{self.livekit_url} needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET in the environment")
        return self

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        ports = ["coordinator_port", "runtime_port"]
        if not self.livekit_url:
            ports += ["livekit_port", "media_tcp_port"]
        seen: dict[int, str] = {}
        for name in ports:
            other = seen.setdefault(getattr(self, name), name)
            if other != name:
                raise ValueError(f"{flag(other)} and {flag(name)} are both {getattr(self, name)}")
        return self

    @property
    def listen_host(self) -> str:
        """Where the coordinator listens."""
        return self.host or (ANY_HOST if self.public_host else LOOPBACK)

    @property
    def is_open(self) -> bool:
        """Other machines are to reach this stack: then they need its media as well."""
        return self.public_host is not None or not is_loopback(self.listen_host)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a stray .env must not change a stack
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags (given as keywords), then the environment, then the configuration file."""
        sources: list[PydanticBaseSettingsSource] = [init_settings, env_settings]
        given = init_settings().get("config") or env_settings().get("config")
        if given:
            sources.append(InitSettingsSource(settings_cls, read_config(Path(given))))
        return tuple(sources)


def load_settings(flags: dict[str, Any]) -> RunSettings:
    """Merge `flags` (field name -> value; only those given) with environment and configuration file.

    Raises:
        UsageProblem: a value is impossible; says which one and where it comes from.
    """
    try:
        return RunSettings(**flags)
    except ValidationError as error:
        findings = error.errors(include_url=False, include_context=False, include_input=False)
        raise UsageProblem("\n".join(_sentence(f["loc"], f["msg"], flags) for f in findings)) from None


def read_config(file: Path) -> dict[str, Any]:
    """Read a TOML file whose keys are field names, with `-` or `_`; a relative `path` starts at the file.

    Raises:
        UsageProblem: no such file, not TOML, or a key that isn't a setting (names the closest one).
    """
    try:
        values = {key.replace("-", "_"): value for key, value in tomllib.loads(file.read_text()).items()}
    except OSError as error:
        raise UsageProblem(f"{file}: can't read the configuration file: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{file}: not valid TOML: {error}") from None
    known = RunSettings.model_fields.keys() - {"config"}
    for key in values.keys() - known:
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(known))}"
        raise UsageProblem(f"{file}: unknown setting {key}; {hint}")
    if isinstance(values.get("path"), str):
        values["path"] = file.parent / values["path"]
    return values


def flag(field: str) -> str:
    """Return the command-line spelling of a field."""
    return "--" + field.replace("_", "-")


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return next(iter(_aliases(field)), f"REACTOR_{field.upper()}")


def is_loopback(host: str) -> bool:
    """Return whether an address or name means this machine to every machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _sentence(loc: tuple[int | str, ...], message: str, flags: dict[str, Any]) -> str:
    message = message.removeprefix("Value error, ")
    if not loc:
        return message
    name = str(loc[0])
    field = _field_of(name)
    if field in flags:
        return f"{flag(field)}: {message}"
    for variable in (name, f"REACTOR_{field.upper()}", *_aliases(field)):
        if os.environ.get(variable):
            return f"{variable} (environment): {message}"
    return f"configuration file: {field}: {message}"


def _field_of(name: str) -> str:
    for field in RunSettings.model_fields:
        if name == field or name in _aliases(field) or name.lower() == f"reactor_{field}":
            return field
    return name


def _aliases(field: str) -> list[str]:
    info = RunSettings.model_fields.get(field)
    alias = info.validation_alias if info else None
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [alias] if isinstance(alias, str) else []
