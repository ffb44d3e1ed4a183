"""The coordinator's settings: flag > environment > default. Secrets come by environment or file, never by flag."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, CliSuppress, NoDecode, SettingsConfigDict

from reactor_coordinator.errors import SettingsError
from reactor_coordinator.policy import Policy
from reactor_protocol.frontend import VideoCodec
from reactor_protocol.logs import LogFormat

SECRETS = ("runtime_key", "livekit_api_key", "livekit_api_secret")


def _off(value: Any) -> Any:
    """`off` and nothing mean no limit."""
    return None if isinstance(value, str) and value.strip().lower() in ("off", "none", "") else value


def _split(value: Any) -> Any:
    """`a,b` is two entries, by environment and by flag."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list):
        return parts
    return [item.strip() for part in parts for item in str(part).strip("[]").split(",") if item.strip()]


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
OptionalSeconds = Annotated[Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, BeforeValidator(_off)]
Port = Annotated[int, Field(ge=0, le=65535)]


def _secret(*names: str) -> Any:
    return Field(default=SecretStr(""), validation_alias=AliasChoices(*names))


class Settings(BaseSettings):
    """The process on 8080: client sockets, the queue, rooms and tokens."""

    model_config = SettingsConfigDict(
        env_prefix="REACTOR_",
        env_ignore_empty=True,
        cli_prog_name="python -m reactor_coordinator",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        use_attribute_docstrings=True,
        validate_default=False,
        extra="ignore",
        populate_by_name=True,
    )

    host: str = "127.0.0.1"
    """Where to listen."""
    coordinator_port: Port = Field(
        default=8080, validation_alias=AliasChoices("coordinator_port", "REACTOR_COORDINATOR_PORT", "port")
    )
    """Where to listen; 0: any free port."""
    public_host: str | None = None
    """This machine's name or address for others, as the page shows it; default: found out, where they are let in."""
    runtime_url: str = "http://127.0.0.1:8081"
    """The runtime server."""
    runtime_key: CliSuppress[SecretStr] = SecretStr("")
    runtime_key_file: CliSuppress[Path | None] = None
    livekit_url: str = Field(default="ws://127.0.0.1:7880", validation_alias=AliasChoices("livekit_url", "LIVEKIT_URL"))
    """The LiveKit server, as seen from here."""
    livekit_api_key: CliSuppress[SecretStr] = _secret("livekit_api_key", "LIVEKIT_API_KEY")
    livekit_api_secret: CliSuppress[SecretStr] = _secret("livekit_api_secret", "LIVEKIT_API_SECRET")
    livekit_key_file: CliSuppress[Path | None] = None
    """A file with LiveKit's key and secret, `KEY: SECRET`: the one that its own `--key-file` takes."""
    livekit_public_url: str | None = None
    """The LiveKit server as clients see it; default: the host they called us by, with LiveKit's port."""
    studio: Path | None = None
    """A folder with the built studio; default: the one that this program came with."""
    allow_origin: Annotated[list[str], NoDecode, BeforeValidator(_split)] = []
    """More web origins that may connect, for instance https://example.org; `*`: all."""
    livekit_lost_after: OptionalSeconds = None
    """Seconds of LiveKit's silence after which its rooms are lost; default: 2 on this machine, 15 on another."""
    latency: Literal["low", "smooth"] = "low"
    """`smooth` lets clients buffer against network jitter."""
    orphan_timeout: Seconds = 30.0
    """Seconds that a client whose connection broke may take to come back; 0: for ever."""
    orphan_timeout_queued: Seconds = 3.0
    """The same while somebody waits."""
    join_timeout: Annotated[float, Field(gt=0)] = 30.0
    """Seconds that a client may take to join its room."""
    idle_timeout: OptionalSeconds = None
    """End a session after that many seconds without a message from its client."""
    max_session_duration: OptionalSeconds = Field(
        default=None,
        validation_alias=AliasChoices(
            "max_session_duration", "REACTOR_MAX_SESSION_DURATION", "MAX_SESSION_DURATION_SECONDS"
        ),
    )
    """End a session after that many seconds."""
    max_queue: Annotated[int, Field(ge=0)] = 100
    """How many clients may wait."""
    max_sockets: Annotated[int, Field(ge=1)] = 512
    """How many clients may be connected."""
    standby_keep: Seconds = 60.0
    """Seconds after a session or a new connection in which the next picture is kept ready to be shown at once."""
    strict_model_name: bool = False
    """Refuse clients that ask for another model's name."""
    room_prefix: Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$")] = "reactor-"
    """Of the LiveKit rooms that are ours: any room with it is deleted at the start."""
    video_codec: VideoCodec | None = None
    """Use this one for every client that can decode it."""
    log_format: LogFormat | None = None
    """Default: console in a terminal, else json."""
    verbose: Annotated[bool, Field(validation_alias=AliasChoices("verbose", "v", "REACTOR_VERBOSE"))] = False
    """Log more."""

    @field_validator("runtime_url", "livekit_url", "livekit_public_url")
    @classmethod
    def _check_url(cls, value: str | None, info: Any) -> str | None:
        schemes = ("http://", "https://") if info.field_name == "runtime_url" else _LIVEKIT_SCHEMES
        if value is not None and not value.startswith(schemes):
            raise ValueError(f"expected a URL that starts with {' or '.join(schemes)}")
        return value

    @model_validator(mode="after")
    def _read_key_files(self) -> "Settings":
        if self.runtime_key_file is not None and not self.runtime_key.get_secret_value():
            self.runtime_key = SecretStr(_read("runtime_key_file", self.runtime_key_file))
        if self.livekit_key_file is not None and not self.livekit_api_key.get_secret_value():
            key, colon, secret = _read("livekit_key_file", self.livekit_key_file).partition(":")
            if not (key and colon and secret.strip()) or "\n" in secret:
                raise ValueError(f"livekit_key_file: {self.livekit_key_file}: expected one line, KEY: SECRET")
            self.livekit_api_key, self.livekit_api_secret = SecretStr(key), SecretStr(secret.strip())
        return self

    def policy(self) -> Policy:
        """What the broker needs of it."""
        return Policy(
            max_queue=self.max_queue,
            orphan_timeout_s=self.orphan_timeout or None,
            orphan_timeout_queued_s=self.orphan_timeout_queued or None,
            max_session_s=self.max_session_duration,
            standby_keep_s=self.standby_keep,
            strict_model_name=self.strict_model_name,
            video_codec=self.video_codec,
        )


_LIVEKIT_SCHEMES = ("ws://", "wss://", "http://", "https://")


def _read(name: str, file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}: {error.filename}") from None


def load_settings(args: Sequence[str]) -> Settings:
    """Read flags and environment.

    Raises:
        SettingsError: a value can't be used; names the setting.
        SystemExit: `--help`, or an unknown flag.
    """
    for name in SECRETS:
        flag = f"--{name.replace('_', '-')}"
        if any(arg == flag or arg.startswith(f"{flag}=") for arg in args):
            raise SettingsError(f"{flag}: secrets come by environment or file, never by argument (others can read it)")
    try:
        settings = Settings(_cli_parse_args=list(args))
    except ValidationError as error:
        raise SettingsError("; ".join(_words(item["loc"], item["msg"]) for item in error.errors())) from None
    missing = [name.upper() for name in SECRETS[1:] if not getattr(settings, name).get_secret_value()]
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)}: needed in the environment, or REACTOR_LIVEKIT_KEY_FILE, to make rooms and tokens"
        )
    return settings


def _words(loc: tuple[int | str, ...], message: str) -> str:
    """Of the settings as a whole the message says it all."""
    return f"{'.'.join(map(str, loc))}: {message}" if loc else message.removeprefix("Value error, ")


def describe_error(error: SettingsError) -> str:
    """The text for a terminal."""
    return f"{Path(sys.argv[0]).name}: {error}\nSee python -m reactor_coordinator --help."
