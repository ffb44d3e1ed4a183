"""Have a LiveKit server: find or fetch the program, start it, end it."""

from reactor_cli.livekit_server.errors import (
    LiveKitError,
    LiveKitNotFoundError,
    LiveKitPortTakenError,
    LiveKitStartFailedError,
)
from reactor_cli.livekit_server.server import LiveKitServer
from reactor_cli.livekit_server.settings import Endpoint, ExternalLiveKit, LiveKitSettings, Status

__all__ = [
    "Endpoint",
    "ExternalLiveKit",
    "LiveKitError",
    "LiveKitNotFoundError",
    "LiveKitPortTakenError",
    "LiveKitServer",
    "LiveKitSettings",
    "LiveKitStartFailedError",
    "Status",
]
