"""`manifest.json`: what a folder says about the model in it."""

from typing import Any

from pydantic import ConfigDict, Field

from reactor_protocol.base import WireModel

FILE_NAME = "manifest.json"
_CLASS_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"
# https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string
_SEMVER_PATTERN = (
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-((0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(\+([0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*))?$"
)


class Manifest(WireModel):
    """The keys of `manifest.json`; any other key is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, title="Reactor model manifest")

    schema_uri: str | None = Field(default=None, alias="$schema")
    """Where editors find the schema that completes and checks this file; of no meaning otherwise."""
    reactor_runtime: str = Field(alias="reactor-runtime", examples=["0.1.0", ">=0.0.4,<1"])
    """PEP 440 version specifiers; a bare `x.y.z` means that version or newer."""
    class_path: str = Field(alias="class", pattern=_CLASS_PATTERN, examples=["model_mine:MyModel"])
    """`module:Class`; the module may be dotted."""
    model_name: str = Field(min_length=1)
    """What clients are told."""
    model_version: str = Field(pattern=_SEMVER_PATTERN, examples=["1.0.0"])
    """Semantic version."""
    args: dict[str, Any] = {}
    """Keyword arguments of the class's `__init__`."""
    weights: list[str] = []
    """Names of weight folders in the registry."""
    video_input: bool = False
    """The model takes the client's camera."""
    audio_input: bool = False
    """The model takes the client's microphone."""
    max_fps: float | None = Field(default=None, gt=0, le=240)
    """The fastest rate at which frames are played; default `args.fps`, else 60."""
    stop_timeout: float | None = Field(default=None, gt=0)
    """Seconds a model may take to end a session before its process is killed; default: measured."""
    description: str = ""
    """For people."""
