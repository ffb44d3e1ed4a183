"""The runtime server's settings: flag > environment > default. The key comes by environment or file, never by flag."""

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, CliSuppress, NoDecode, SettingsConfigDict

from reactor_protocol.frontend import VideoCodec
from reactor_protocol.logs import LogFormat
from reactor_runtime.media.codec import DEFAULT_ORDER

LOOPBACK = "127.0.0.1"


class SettingsError(ValueError):
    """A setting that can't be; the text names it, what is wrong and what to do."""


def _split(value: Any) -> Any:
    """Read `a,b` as two entries, by environment and by flag."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return parts
    return tuple(item.strip() for part in parts for item in str(part).strip("[]").split(",") if item.strip())


class Settings(BaseSettings):
    """The process on 8081: one model, its sessions and its media."""

    model_config = SettingsConfigDict(
        env_prefix="REACTOR_",
        cli_prog_name="python -m reactor_runtime",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        use_attribute_docstrings=True,
        extra="ignore",
        env_ignore_empty=True,
    )

    path: Path = Path()
    """The model's folder; default: the caller's directory."""
    host: str = LOOPBACK
    """Where to listen. Without a key: this machine only."""
    runtime_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """The port to listen on; 0: any free one."""
    runtime_key: CliSuppress[SecretStr | None] = None
    """What requests must bear; by REACTOR_RUNTIME_KEY only."""
    runtime_key_file: CliSuppress[Path | None] = None
    """A file with the key; by REACTOR_RUNTIME_KEY_FILE only."""
    video_codec: Annotated[tuple[VideoCodec, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=DEFAULT_ORDER, min_length=1
    )
    """Codecs in the order to choose from, separated by commas."""
    max_bitrate: Annotated[int | None, Field(ge=100_000)] = None
    """Bits a second for a video track; default: by size and rate."""
    log_format: LogFormat | None = None
    """Default: console in a terminal, else json."""
    verbose: bool = False
    """Log more."""
    cache_dir: Path = Path("~/.cache/reactor-local")
    """Where the model's load time and picture size are remembered."""
    registry_cache: Path | None = None
    """Where weights are kept; default: ~/.cache/reactor_registry."""
    models_bucket: str | None = None
    """Weights registry: a bucket, s3://BUCKET or file:///FOLDER; default: reactor-models."""
    offline: bool = False
    """Fetch no weights."""
    hot_reload: bool = False
    """Load the model again when a file in its folder is saved, once no session runs."""

    @property
    def worker_environment(self) -> dict[str, str]:
        """Variables for the model's process."""
        given = {
            "REACTOR_REGISTRY_CACHE": str(self.registry_cache) if self.registry_cache is not None else None,
            "REACTOR_MODELS_BUCKET": self.models_bucket,
            "REACTOR_OFFLINE": "true" if self.offline else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    @property
    def bind_host(self) -> str:
        """Where to listen really: only this machine when there is no key."""
        return self.host if self.runtime_key is not None or is_loopback(self.host) else LOOPBACK


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_settings(arguments: Sequence[str]) -> Settings:
    """Read flags and environment.

    Raises:
        SettingsError: a value is wrong, or a secret was given as a flag.
        SystemExit: by `--help`, and by a flag that doesn't exist.
    """
    for argument in arguments:
        name = argument.split("=")[0].replace("_", "-")
        if name.startswith("--runtime-key"):
            raise SettingsError(
                f"{name}: a secret on the command line can be read by everybody on this machine; "
                "set REACTOR_RUNTIME_KEY or REACTOR_RUNTIME_KEY_FILE instead"
            )
    try:
        settings = Settings(_cli_parse_args=list(arguments))
    except ValidationError as error:
        findings = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False))
        raise SettingsError("; ".join(findings)) from None
    return settings.model_copy(
        update={
            "runtime_key": _key(settings),
            "path": settings.path.expanduser().resolve(),
            "cache_dir": settings.cache_dir.expanduser(),
        }
    )


def _key(settings: Settings) -> SecretStr | None:
    if settings.runtime_key is not None or settings.runtime_key_file is None:
        return settings.runtime_key
    try:
        key = settings.runtime_key_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"REACTOR_RUNTIME_KEY_FILE: can't read {settings.runtime_key_file}: {error}") from None
    if not key:
        raise SettingsError(f"REACTOR_RUNTIME_KEY_FILE: {settings.runtime_key_file} is empty; write the key into it")
    return SecretStr(key)
