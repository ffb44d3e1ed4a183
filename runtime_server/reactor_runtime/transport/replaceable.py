"""A transport whose connection can be exchanged under those who use it."""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from reactor_runtime.transport.base import Transport, TransportError, TransportListener, VideoFormat, VideoTrack

_SEND_WAIT_S = 60.0  # as long as a session tries to get back into its room


@dataclass(frozen=True, slots=True)
class _Served:
    listener: TransportListener
    client_identity: str | None
    takes_camera: bool


class ReplaceableTransport:
    """Passes everything on to a connection (`reactor_runtime.transport.base.Transport`); `replace` gives it another.

    Tracks, listener and texts go on with the new one: whoever uses it needs not know. Pictures captured between the
    two are dropped, texts wait.
    """

    def __init__(self, transport: Transport) -> None:
        self._current = transport
        self._served: _Served | None = None
        self._tracks: list[_ReplaceableTrack] = []
        self._changing = asyncio.Lock()
        self._whole = asyncio.Event()
        self._whole.set()
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Enter the room; see the seam."""
        await self._current.connect()

    def serve(self, listener: TransportListener, *, client_identity: str | None, takes_camera: bool) -> None:
        """Tell `listener` of the client from now on; see the seam."""
        self._served = _Served(listener, client_identity, takes_camera)
        self._current.serve(listener, client_identity=client_identity, takes_camera=takes_camera)

    async def publish_video(self, name: str, video: VideoFormat) -> VideoTrack:
        """Publish a track; see the seam."""
        async with self._changing:
            track = _ReplaceableTrack(name, await self._current.publish_video(name, video), self._tracks)
        self._tracks.append(track)
        return track

    async def send_text(self, text: str) -> None:
        """Send a text to the client; see the seam."""
        try:
            async with asyncio.timeout(_SEND_WAIT_S):
                await self._whole.wait()
        except TimeoutError:
            raise TransportError("there is no connection to the room") from None
        await self._current.send_text(text)

    async def replace(self, transport: Transport) -> None:
        """Give up the connection and go on with `transport`, which enters the same room.

        Raises:
            TransportError: it couldn't; the old connection is gone all the same. Call again with another one.
        """
        async with self._changing:
            if self._closed:
                raise TransportError("the room was left")
            self._whole.clear()
            old, self._current = self._current, transport
            tracks = [track for track in (track.detach() for track in self._tracks) if track is not None]
            # At once, not afterwards: what still tries to mend itself would throw the new one out of the room.
            self._own(_give_up(old, tracks))
            await asyncio.sleep(0)
            await transport.connect()
            if self._served is not None:
                served = self._served
                transport.serve(
                    served.listener, client_identity=served.client_identity, takes_camera=served.takes_camera
                )
            for track in list(self._tracks):
                await track.attach(transport)
            self._whole.set()

    async def close(self) -> None:
        """Leave; see the seam."""
        self._closed = True
        self._whole.set()
        await self._current.close()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _ReplaceableTrack:
    """A track that stays the same while connections change (`reactor_runtime.transport.base.VideoTrack`)."""

    def __init__(self, name: str, track: VideoTrack, siblings: "list[_ReplaceableTrack]") -> None:
        self._name = name
        self._format = track.format
        self._track: VideoTrack | None = track
        self._siblings = siblings
        self._capturing = threading.Lock()
        self._unpublished = False

    @property
    def format(self) -> VideoFormat:
        """What it was published with."""
        return self._format

    def capture(self, pixels: memoryview, width: int, height: int) -> None:
        """Encode a picture now, or drop it while there is no connection; see the seam."""
        with self._capturing:
            if self._track is not None:
                self._track.capture(pixels, width, height)

    async def unpublish(self) -> None:
        """Take the track back; see the seam."""
        self._unpublished = True
        if self in self._siblings:
            self._siblings.remove(self)
        if (track := self.detach()) is not None:
            await track.unpublish()

    def detach(self) -> VideoTrack | None:
        """Capture nothing more; return what was captured on."""
        with self._capturing:
            track, self._track = self._track, None
        return track

    async def attach(self, transport: Transport) -> None:
        """Publish it on another connection.

        Raises:
            TransportError: the transport refused.
        """
        track = await transport.publish_video(self._name, self._format)
        if self._unpublished:
            await track.unpublish()
        else:
            self._track = track


async def _give_up(transport: Transport, tracks: list[VideoTrack]) -> None:
    await transport.close()
    for track in tracks:
        await track.unpublish()
