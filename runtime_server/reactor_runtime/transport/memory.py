"""A transport without a network: rooms in memory, for tests of everything above the seam."""

import asyncio
from dataclasses import dataclass, field

from reactor_runtime.transport.base import Rotation, TransportError, TransportListener, VideoFormat


@dataclass(slots=True)
class MemoryRoom:
    """The client's side of a room: what it does, and what it has got."""

    connect_error: str | None = None
    """Refuse the runtime with these words."""
    publish_error: str | None = None
    connect_delay_s: float = 0.0
    texts: list[str] = field(default_factory=list)
    """From the runtime, in order."""
    pictures: int = 0
    """That were captured on the track."""
    last_picture: bytes = b""
    last_size: tuple[int, int] = (0, 0)
    published: VideoFormat | None = None
    connected: bool = False
    joined: bool = False
    subscribed: bool = False
    listener: TransportListener | None = None
    identity: str | None = None

    def join(self) -> None:
        """Enter the room."""
        self.joined = True
        if self.listener is not None:
            self.listener.client_joined()

    def subscribe(self) -> None:
        """Enter the room and receive the track."""
        self.join()
        self.subscribed = True
        if self.listener is not None:
            self.listener.client_subscribed()

    def leave(self, *, deliberate: bool = True) -> None:
        """Go, or vanish."""
        self.joined = self.subscribed = False
        if self.listener is not None:
            self.listener.client_left(deliberate=deliberate)

    def say(self, text: str) -> None:
        """Send a text to the runtime."""
        if self.listener is not None:
            self.listener.message(text)

    def show(self, pixels: bytes, width: int, height: int, rotation: Rotation = 0) -> None:
        """Send a camera picture."""
        if self.listener is not None:
            self.listener.camera_frame(memoryview(pixels), width, height, rotation)

    def break_down(self, message: str = "the connection is gone") -> None:
        """Take the runtime's connection away."""
        if self.listener is not None:
            self.listener.lost(message)


class MemoryVideoTrack:
    """A published track that counts its pictures."""

    def __init__(self, room: MemoryRoom, video: VideoFormat) -> None:
        self._room = room
        self._format = video

    @property
    def format(self) -> VideoFormat:
        """What it was published with."""
        return self._format

    def capture(self, pixels: memoryview, width: int, height: int) -> None:
        """Keep a picture; see the seam."""
        if pixels.nbytes != width * height * 3:
            raise ValueError(f"{pixels.nbytes} bytes aren't a picture of {width}x{height}")
        self._room.pictures += 1
        self._room.last_picture = bytes(pixels)
        self._room.last_size = (width, height)

    async def unpublish(self) -> None:
        """Take the track back."""
        self._room.published = None


class MemoryTransport:
    """A connection to a `MemoryRoom` (`reactor_runtime.transport.base.Transport`)."""

    def __init__(self, room: MemoryRoom) -> None:
        self._room = room

    async def connect(self) -> None:
        """Enter the room; see the seam."""
        await asyncio.sleep(self._room.connect_delay_s)
        if self._room.connect_error is not None:
            raise TransportError(self._room.connect_error)
        self._room.connected = True

    def serve(self, listener: TransportListener, *, client_identity: str | None, takes_camera: bool) -> None:  # noqa: ARG002
        """Tell `listener` of the client from now on; see the seam. Pictures come only by `show`."""
        self._room.listener = listener
        self._room.identity = client_identity
        if self._room.joined:
            listener.client_joined()
        if self._room.subscribed:
            listener.client_subscribed()

    async def publish_video(self, name: str, video: VideoFormat) -> MemoryVideoTrack:
        """Publish a track; see the seam."""
        if self._room.publish_error is not None:
            raise TransportError(f"{name}: {self._room.publish_error}")
        self._room.published = video
        if self._room.subscribed and self._room.listener is not None:
            asyncio.get_running_loop().call_soon(self._room.listener.client_subscribed)
        return MemoryVideoTrack(self._room, video)

    async def send_text(self, text: str) -> None:
        """Send a text; see the seam."""
        if not self._room.connected:
            raise TransportError("there is no connection to the room")
        self._room.texts.append(text)

    async def close(self) -> None:
        """Leave; see the seam."""
        self._room.connected = False
        self._room.listener = None
