"""What model authors import, and the process on 8081 that runs their model.

    from reactor_runtime import VideoModel, command, get_ctx

Importing this loads the standard library only: a model's start-up time is the model's own.
"""

from reactor_runtime.commands import command
from reactor_runtime.context import SessionContext, Track, get_ctx
from reactor_runtime.errors import (
    CommandDefinitionError,
    LoadError,
    ManifestError,
    ModelLoadError,
    ReactorError,
    SessionStopped,
    WeightsError,
)
from reactor_runtime.model import VideoModel

__all__ = [
    "CommandDefinitionError",
    "LoadError",
    "ManifestError",
    "ModelLoadError",
    "ReactorError",
    "SessionContext",
    "SessionStopped",
    "Track",
    "VideoModel",
    "WeightsError",
    "command",
    "get_ctx",
]
