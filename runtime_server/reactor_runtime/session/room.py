"""The runtime's side of one session's room: entered, published into, left."""

import asyncio
from collections import deque
from typing import Protocol

import structlog

from reactor_protocol.application import OUTPUT_TRACK
from reactor_protocol.frontend import VideoCodec
from reactor_runtime.media.output import VideoOutput
from reactor_runtime.transport.base import Rotation, Transport, TransportError, TransportListener, VideoFormat
from reactor_runtime.transport.replaceable import ReplaceableTransport

_log = structlog.get_logger(__name__)

MAX_HELD_MESSAGES = 1000  # as the contract says of commands that come early
MAX_HELD_CHARACTERS = 16 * 1024 * 1024


class RoomLostError(ConnectionError):
    """The connection to the room broke before its session began."""


class RoomOwner(Protocol):
    """What a room tells its owner, on the event loop."""

    def room_lost(self, room: "Room", message: str) -> None:
        """The connection of a room without a session is gone."""
        ...

    def first_frame(self, room: "Room") -> None:
        """The session's first frame went to the encoder."""
        ...

    def output_failed(self, room: "Room", message: str) -> None:
        """The output can't go on."""
        ...


class Room:
    """One room and the output published in it; prepared for a session or in use by one.

    What the client does before the session begins is kept and told when `attach` is called.

    Args:
        session_id: whose room it is.
        transport: not connected yet.
        max_fps: the fastest rate of the model.
        owner: told of the loss of the connection while no session is attached, and of the output.
    """

    def __init__(self, session_id: str, transport: Transport, max_fps: float, owner: RoomOwner) -> None:
        self.session_id = session_id
        self.transport = ReplaceableTransport(transport)
        self.max_fps = max_fps
        self.reconnects = 0
        """Tries to enter it again since that last succeeded."""
        self._owner = owner
        self._listener: TransportListener | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._publishing = asyncio.Lock()
        self._format: VideoFormat | None = None
        self._stale: VideoOutput | None = None
        self._served = False
        self._released = False
        self._lost: str | None = None
        self._joined = False
        self._subscribed = False
        self._held: deque[str | int] = deque()
        self._held_characters = 0
        self.output = self._new_output()

    @property
    def format(self) -> VideoFormat | None:
        """What the track was published with, once it is."""
        return self._format

    async def connect(self) -> None:
        """Enter the room, once, however many ask; a caller that gives up doesn't stop it.

        Raises:
            TransportError: it can't be reached or refuses.
        """
        if self._connecting is None:
            self._connecting = asyncio.create_task(self.transport.connect(), name=f"connect {self.session_id}")
        await asyncio.shield(self._connecting)

    def serve(self, client_identity: str | None, *, takes_camera: bool) -> None:
        """Listen to the room, once. The connection must be up."""
        if not self._served:
            self._served = True
            self.transport.serve(self, client_identity=client_identity, takes_camera=takes_camera)

    async def publish(self, video: VideoFormat) -> VideoFormat:
        """Publish the track and feed it; at once when that is done already.

        Raises:
            TransportError: the transport refused.
        """
        async with self._publishing:
            if self._released:
                raise TransportError("the room was left before the track was published")
            if self._stale is not None:
                stale, self._stale = self._stale, None
                await stale.close()
            if self._format is None:
                await self.output.publish(video)
                self._format = video
            return self._format

    async def reconnect(self, transport: Transport) -> None:
        """Enter the room once more, by another connection, and go on there.

        Raises:
            TransportError: it can't be reached or refuses.
        """
        self.reconnects += 1
        await self.transport.replace(transport)
        self.reconnects = 0
        self.media_resumed()

    def use_codec(self, codec: VideoCodec) -> None:
        """Give up a track that was published in another codec: the next `publish` makes a new one."""
        if self._format is not None and self._format.codec != codec:
            self._format, self._subscribed = None, False
            self._stale, self.output = self.output, self._new_output()

    def attach(self, listener: TransportListener) -> None:
        """Tell a session of the client from now on, and of what it did before.

        Raises:
            RoomLostError: the connection is gone already.
        """
        if self._lost is not None:
            raise RoomLostError(self._lost)
        self._listener = listener
        if self._joined:
            listener.client_joined()
        if self._subscribed:
            listener.client_subscribed()
        while self._held:
            entry = self._held.popleft()
            if isinstance(entry, str):
                listener.message(entry)
            else:
                listener.message_too_large(entry)

    def detach(self) -> None:
        """Tell the session nothing more."""
        self._listener = None
        self._released = True
        self._held.clear()

    async def rest(self) -> None:
        """Nobody is to see or say anything here any more."""
        self.detach()
        await self.output.rest()

    async def release(self) -> None:
        """Unpublish and leave."""
        self.detach()
        self.output.drop()
        if self._connecting is not None:  # it must not be cancelled: that would end the process
            await asyncio.gather(asyncio.shield(self._connecting), return_exceptions=True)
        async with self._publishing:
            for output in filter(None, (self._stale, self.output)):
                await output.close()
        await self.transport.close()

    # --- TransportListener --------------------------------------------------------------------------------------

    def client_joined(self) -> None:
        """See `TransportListener`."""
        self._joined = True
        if self._listener is not None:
            self._listener.client_joined()

    def client_subscribed(self) -> None:
        """See `TransportListener`."""
        self._joined = self._subscribed = True
        if self._listener is not None:
            self._listener.client_subscribed()

    def client_left(self, *, deliberate: bool) -> None:
        """See `TransportListener`."""
        self._joined = self._subscribed = False
        if self._listener is not None:
            self._listener.client_left(deliberate=deliberate)

    def message(self, text: str) -> None:
        """See `TransportListener`."""
        self._joined = True
        if self._listener is not None:
            self._listener.message(text)
        elif not self._released:
            self._hold(text)

    def message_too_large(self, limit_bytes: int) -> None:
        """See `TransportListener`."""
        if self._listener is not None:
            self._listener.message_too_large(limit_bytes)
        elif not self._released:
            self._hold(limit_bytes)

    def camera_frame(self, pixels: memoryview, width: int, height: int, rotation: Rotation) -> None:
        """See `TransportListener`."""
        if self._listener is not None:
            self._listener.camera_frame(pixels, width, height, rotation)

    def interrupted(self) -> None:
        """See `TransportListener`. A room without a session is made anew sooner than a connection is mended."""
        if self._listener is not None:
            self._listener.interrupted()
        else:
            self.lost("the connection to LiveKit broke")

    def media_stalled(self) -> None:
        """See `TransportListener`. A room without a session is made anew."""
        if self._listener is not None:
            self._listener.media_stalled()
        else:
            self.lost("LiveKit has stopped to answer")

    def media_resumed(self) -> None:
        """See `TransportListener`."""
        if self._listener is not None:
            self._listener.media_resumed()

    def lost(self, message: str) -> None:
        """See `TransportListener`."""
        self._lost = message
        if self._listener is not None:
            self._listener.lost(message)
        elif not self._released:
            self._owner.room_lost(self, message)

    # ------------------------------------------------------------------------------------------------------------

    def _hold(self, entry: str | int) -> None:
        size = len(entry) if isinstance(entry, str) else 0
        if len(self._held) >= MAX_HELD_MESSAGES or self._held_characters + size > MAX_HELD_CHARACTERS:
            _log.warning("a message that came too early was dropped", session_id=self.session_id)
            return
        self._held.append(entry)
        self._held_characters += size

    def _new_output(self) -> VideoOutput:
        return VideoOutput(
            self.transport,
            OUTPUT_TRACK,
            max_fps=self.max_fps,
            on_first_frame=lambda: self._owner.first_frame(self),
            on_failed=lambda message: self._owner.output_failed(self, message),
        )
