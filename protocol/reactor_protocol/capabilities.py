"""What a model can do, as told to front ends and by `reactor capabilities`."""

from typing import Any, Literal

from pydantic import Field

from reactor_protocol.base import CamelModel

SCHEMA_VERSION = 1
"""Raised when a reader of the capabilities would have to change."""


class CommandDescription(CamelModel):
    """One command of a model."""

    description: str
    parameters: dict[str, dict[str, Any]] = Field(alias="schema")
    """Parameter name -> its JSON-Schema property, plus `"required": true` where it has no default."""


class ModelIdentity(CamelModel):
    """Name and version from the manifest."""

    name: str
    version: str


class TrackDescription(CamelModel):
    """A media track between model and client."""

    name: str
    kind: Literal["video", "audio"]
    direction: Literal["out", "in"]
    """`out`: from the model to the client."""


class Capabilities(CamelModel):
    """The answer to `requestCapabilities`. `commands` is fixed; the rest are additions."""

    commands: dict[str, CommandDescription]
    defs: dict[str, dict[str, Any]] = Field(default={}, alias="$defs")
    """What every `$ref` in `commands` resolves to, as in JSON Schema."""
    schema_version: int = SCHEMA_VERSION
    model: ModelIdentity
    tracks: list[TrackDescription]
    state: dict[str, Any] = {}
    """The values that the model publishes as its state."""
