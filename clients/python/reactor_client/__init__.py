"""A client for Reactor sessions.

    async with ReactorClient("ws://localhost:8080/ws") as client:
        await client.send_command("set_prompt", prompt="a lake at dawn")
        async for frame in client.frames():
            show(frame.pixels)  # RGB, uint8, (height, width, 3)

`python -m reactor_client ws://localhost:8080/ws` looks at a model from a terminal.
"""

from reactor_client.camera import Camera, CameraCodec
from reactor_client.client import ReactorClient
from reactor_client.errors import (
    CameraError,
    MessageTooLargeError,
    NotReadyError,
    ReactorError,
    RefusedError,
    SessionEndedError,
    UnreachableError,
)
from reactor_client.events import Event, Status, StatusChanged
from reactor_client.feed import Subscription
from reactor_client.frame import Frame, Pixels

__all__ = [
    "Camera",
    "CameraCodec",
    "CameraError",
    "Event",
    "Frame",
    "MessageTooLargeError",
    "NotReadyError",
    "Pixels",
    "ReactorClient",
    "ReactorError",
    "RefusedError",
    "SessionEndedError",
    "Status",
    "StatusChanged",
    "Subscription",
    "UnreachableError",
]
