"""The seam between a session and the network: what any media transport offers."""

from dataclasses import dataclass
from typing import Literal, Protocol

from reactor_protocol.frontend import VideoCodec

Rotation = Literal[0, 90, 180, 270]


class TransportError(ConnectionError):
    """The transport couldn't do it; the text says what and why, without tokens."""


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What a track is published with."""

    width: int
    """Pixels, a multiple of 4, at least 16."""
    height: int
    fps: float
    """The fastest rate at which frames will come."""
    codec: VideoCodec


class VideoTrack(Protocol):
    """A published video track. It must be fed from publishing to unpublishing."""

    @property
    def format(self) -> VideoFormat:
        """What it was published with."""
        ...

    def capture(self, pixels: memoryview, width: int, height: int) -> None:
        """Encode a picture now: RGB24, `width * height * 3` contiguous, writable bytes. Any thread; copies.

        Raises:
            ValueError: the buffer's length doesn't fit the size.
        """
        ...

    async def unpublish(self) -> None:
        """Take the track back; nothing may be captured afterwards."""
        ...


class TransportListener(Protocol):
    """What a transport tells its user, always on the event loop. Only the session's client is told of."""

    def client_joined(self) -> None:
        """The client is in the room (told late for one that publishes nothing: up to 3 s)."""
        ...

    def client_subscribed(self) -> None:
        """The client receives the output track."""
        ...

    def client_left(self, *, deliberate: bool) -> None:
        """The client is out: of its own will, or its connection broke."""
        ...

    def message(self, text: str) -> None:
        """A text came from the client on the application topic, in the order sent."""
        ...

    def message_too_large(self, limit_bytes: int) -> None:
        """A text from the client was dropped for its size."""
        ...

    def camera_frame(self, pixels: memoryview, width: int, height: int, rotation: Rotation) -> None:
        """A camera picture: RGB24; `rotation` clockwise degrees make it upright. Valid during the call only."""
        ...

    def interrupted(self) -> None:
        """The connection broke; the transport tries to mend it, which takes seconds where it can't."""
        ...

    def media_stalled(self) -> None:
        """Nothing has come back for what is sent: the client sees nothing, whatever the connection's state."""
        ...

    def media_resumed(self) -> None:
        """After `media_stalled`: answers come again."""
        ...

    def lost(self, message: str) -> None:
        """The connection is gone for good."""
        ...


class Transport(Protocol):
    """A connection to one session's room. `connect` once, `close` once."""

    async def connect(self) -> None:
        """Enter the room.

        Raises:
            TransportError: it can't be reached or refuses.
        """
        ...

    def serve(self, listener: TransportListener, *, client_identity: str | None, takes_camera: bool) -> None:
        """Tell `listener` of the client from now on; what it did before (joined, subscribed) is told at once."""
        ...

    async def publish_video(self, name: str, video: VideoFormat) -> VideoTrack:
        """Publish a track.

        Raises:
            TransportError: the transport refused.
        """
        ...

    async def send_text(self, text: str) -> None:
        """Send a text to the client on the application topic; texts arrive in the order of the calls.

        Raises:
            TransportError: it can't be sent.
        """
        ...

    async def close(self) -> None:
        """Leave. Never raises; a second call does nothing."""
        ...
