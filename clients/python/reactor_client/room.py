"""A session's LiveKit room as its client sees it: pictures and texts come, texts and a camera go."""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Protocol

from livekit import rtc

from reactor_client.camera import Camera
from reactor_client.errors import MessageTooLargeError, NotReadyError, UnreachableError
from reactor_client.frame import Frame, upright
from reactor_protocol.application import MAX_MESSAGE_BYTES, OUTPUT_TRACK, TOPIC

_log = logging.getLogger("reactor_client")

# The envelope around a model's largest message.
_ENVELOPE_BYTES = 64 * 1024
# For each of the SDK's attempts; a join takes 30 to 170 ms.
_CONNECT_TIMEOUT_S = 5.0
# A leave is one round trip; a room that is gone can't answer.
_LEAVE_TIMEOUT_S = 5.0
# Texts opened and not read yet; a model's messages are read as fast as they come.
_MOST_OPEN_TEXTS = 1024

# Clockwise. Any: the SDK annotates an event's rotation with the enum, not with its values.
_QUARTER_TURNS: dict[Any, int] = {
    rtc.VideoRotation.VIDEO_ROTATION_0: 0,
    rtc.VideoRotation.VIDEO_ROTATION_90: 1,
    rtc.VideoRotation.VIDEO_ROTATION_180: 2,
    rtc.VideoRotation.VIDEO_ROTATION_270: 3,
}


class RoomListener(Protocol):
    """What a room tells, on the event loop, in order."""

    def on_frame(self, frame: Frame) -> None:
        """A picture of the model's video track."""
        ...

    def on_text(self, text: str) -> None:
        """A text on the application topic."""
        ...


class MediaRoom:
    """One stay in a session's room: `start` it once, `leave` it once.

    Args:
        session_id: whose room it is.
        listener: gets pictures and texts.
    """

    def __init__(self, session_id: str, listener: RoomListener) -> None:
        self.session_id = session_id
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the room is entered; `UnreachableError` when that failed."""
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done with the reason when the room was left without our doing."""
        self._listener = listener
        self._room = rtc.Room()
        self._sending = asyncio.Lock()
        self._texts: asyncio.Queue[rtc.TextStreamReader] = asyncio.Queue(_MOST_OPEN_TEXTS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._videos: dict[str, asyncio.Task[None]] = {}
        self._connecting: asyncio.Task[None] | None = None
        self._leaving = False

    def start(self, url: str, token: str) -> None:
        """Begin to enter the room; `joined` tells when that is done."""
        self._room.on("track_subscribed", self._on_subscribed)
        self._room.on("track_unsubscribed", self._on_unsubscribed)
        self._room.on("disconnected", self._on_disconnected)
        self._room.register_text_stream_handler(TOPIC, self._on_text_opened)
        self._spawn(self._read_texts())
        self._connecting = asyncio.create_task(self._connect(url, token))

    @property
    def is_in(self) -> bool:
        """The room is entered and not lost."""
        return self.joined.done() and self.joined.exception() is None and not self.lost.done()

    async def send(self, text: str) -> None:
        """Send a text; texts arrive in the order of the calls.

        Raises:
            MessageTooLargeError: beyond 16 MiB.
            NotReadyError: the room is left or lost.
        """
        size_bytes = len(text.encode())
        if size_bytes > MAX_MESSAGE_BYTES:
            raise MessageTooLargeError(size_bytes, MAX_MESSAGE_BYTES)
        # A task of its own: a caller that gives up must not let the next text overtake this one.
        await asyncio.shield(self._spawn(self._send(text)))

    async def _send(self, text: str) -> None:
        async with self._sending:
            if not self.is_in or self._leaving:
                raise NotReadyError("the session's room is left")
            try:
                await self._room.local_participant.send_text(text, topic=TOPIC)
            except ConnectionError as error:
                raise NotReadyError(f"the text couldn't be sent: {error}") from None

    async def publish(self, camera: Camera) -> None:
        """Publish a camera.

        Raises:
            CameraError: LiveKit refuses.
            NotReadyError: the room is left or lost.
        """
        if not self.is_in or self._leaving:
            raise NotReadyError("the session's room is left")
        await camera.publish_in(self._room.local_participant)

    async def linger(self, timeout_s: float) -> None:
        """Receive what is still under way, until the room is closed from the other side."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.wait({self.lost})
                await self._texts.join()

    async def leave(self) -> None:
        """Leave the room, whatever state it is in. Never raises."""
        self._leaving = True
        if self._connecting is not None:
            # Never cancelled: the SDK ends the process some seconds after a cancelled connect.
            await asyncio.wait({self._connecting})
        with contextlib.suppress(TimeoutError, Exception):
            async with asyncio.timeout(_LEAVE_TIMEOUT_S):
                await self._room.disconnect()
        tasks = {*self._tasks, *self._videos.values()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connect(self, url: str, token: str) -> None:
        options = rtc.RoomOptions(
            auto_subscribe=True,
            connect_timeout=_CONNECT_TIMEOUT_S,
            single_peer_connection=True,
            data_stream=rtc.DataStreamOptions(max_payload_byte_length=MAX_MESSAGE_BYTES + _ENVELOPE_BYTES),
        )
        try:
            await self._room.connect(url, token, options)
        except rtc.ConnectError as error:
            self.joined.set_exception(UnreachableError(f"LiveKit at {url}: {without_query(error.message)}"))
            self.joined.exception()  # read here, as nobody may wait for it any more
        else:
            self.joined.set_result(None)

    def _on_subscribed(
        self, track: rtc.Track, publication: rtc.RemoteTrackPublication, _sender: rtc.RemoteParticipant
    ) -> None:
        if isinstance(track, rtc.RemoteVideoTrack) and publication.name == OUTPUT_TRACK:
            self._stop_video(publication.sid)
            self._videos[publication.sid] = asyncio.create_task(self._read_video(track))

    def _on_unsubscribed(
        self, _track: rtc.Track, publication: rtc.RemoteTrackPublication, _sender: rtc.RemoteParticipant
    ) -> None:
        self._stop_video(publication.sid)

    def _stop_video(self, sid: str) -> None:
        task = self._videos.pop(sid, None)
        if task is not None:
            self._keep(task)
            task.cancel()

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        if not self._leaving and not self.lost.done():
            self.lost.set_result(rtc.DisconnectReason.Name(reason))

    def _on_text_opened(self, reader: rtc.TextStreamReader, _sender: str) -> None:
        try:
            self._texts.put_nowait(reader)
        except asyncio.QueueFull:
            _log.warning("a message was dropped: %d others are being received", _MOST_OPEN_TEXTS)
            reader.close()

    async def _read_texts(self) -> None:
        while True:
            reader = await self._texts.get()
            try:
                self._listener.on_text(await reader.read_all())
            except rtc.StreamError as error:
                if not self._leaving:
                    _log.warning("a message was lost: %s", error)
            finally:
                self._texts.task_done()

    async def _read_video(self, track: rtc.RemoteVideoTrack) -> None:
        async with _opened(rtc.VideoStream(track, capacity=1, format=rtc.VideoBufferType.RGB24)) as stream:
            async for event in stream:
                self._listener.on_frame(_frame(event))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._keep(asyncio.create_task(work))

    def _keep(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


@contextlib.asynccontextmanager
async def _opened(stream: rtc.VideoStream) -> AsyncIterator[rtc.VideoStream]:
    try:
        yield stream
    finally:
        await stream.aclose()


def _frame(event: rtc.VideoFrameEvent) -> Frame:
    picture, turns = event.frame, _QUARTER_TURNS[event.rotation]
    return Frame(upright(picture.data, picture.width, picture.height, turns), received_at_s=time.monotonic())


def without_query(text: str) -> str:
    """Strip query strings: the token sits in the address that LiveKit's errors repeat."""
    return re.sub(r"\?[^\s\"')]*", "", text)
