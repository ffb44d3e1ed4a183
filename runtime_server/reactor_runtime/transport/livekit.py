"""A session's room on a LiveKit server."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import structlog
from livekit import rtc

from reactor_protocol.application import MAX_MESSAGE_BYTES, TOPIC
from reactor_runtime.media.bitrate import max_bitrate_bps
from reactor_runtime.transport.base import Rotation, TransportError, TransportListener, VideoFormat
from reactor_runtime.transport.livekit_inbox import Inbox
from reactor_runtime.transport.livekit_track import LiveKitVideoTrack, reason_of, scrub
from reactor_runtime.transport.silence import LOOK_EVERY_S, Silence

CONNECT_S = 15.0
"""The SDK tries three or four times within it."""

_TEXT_PASSES_S = 0.25  # from the library's buffer to the client on a network as slow as is still playable
_CALL_S = 10.0  # publishing takes 5 ms; longer means that the server is gone
_ANNOUNCED_S = 6.0  # LiveKit tells who came in batches of 3 s
_SEND_S = 30.0  # 16 MiB over a slow network
_SMALLEST_CAMERA = 16  # pixels; a track that is muted or taken back ends with black pictures of 8x8
_ROTATIONS: dict[Any, Rotation] = {
    rtc.VideoRotation.VIDEO_ROTATION_0: 0,
    rtc.VideoRotation.VIDEO_ROTATION_90: 90,
    rtc.VideoRotation.VIDEO_ROTATION_180: 180,
    rtc.VideoRotation.VIDEO_ROTATION_270: 270,
}

log = structlog.get_logger(__name__)
P = ParamSpec("P")


class LiveKitTransport:
    """One connection to one room (`reactor_runtime.transport.base.Transport`).

    `max_bitrate_bps` replaces the maximum derived from size and rate. `subscribe` false asks for no tracks of others:
    for a model that takes no camera. `connect_s` limits `connect`, in seconds.
    """

    def __init__(
        self,
        ws_url: str,
        token: str,
        *,
        max_bitrate_bps: int | None = None,
        subscribe: bool = True,
        connect_s: float = CONNECT_S,
    ) -> None:
        self._url = ws_url
        self._token = token
        self._max_bitrate_bps = max_bitrate_bps
        self._subscribe = subscribe
        self._connect_s = connect_s
        self._room: rtc.Room | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._listener: TransportListener | None = None
        self._identity: str | None = None
        self._takes_camera = False
        self._joined = False
        self._sent_at_s = float("-inf")
        self._looking: asyncio.TimerHandle | None = None
        self._subscribed = False
        self._lost: str | None = None
        self._closing = False
        self._sending = asyncio.Lock()
        self._inbox = Inbox(self._on_message, self._on_message_too_large)
        self._camera: asyncio.Task[None] | None = None
        self._camera_sid: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Enter the room; see the seam. Cancelling the caller leaves the attempt to `close`."""
        room = self._room = rtc.Room()
        room.register_text_stream_handler(TOPIC, self._inbox.accept)
        for event, handler in self._handlers().items():
            room.on(event, _catching(handler))  # type: ignore[arg-type] # its literals are the keys
        options = rtc.RoomOptions(
            auto_subscribe=self._subscribe,
            connect_timeout=self._connect_s / 3,
            single_peer_connection=True,
            data_stream=rtc.DataStreamOptions(max_payload_byte_length=MAX_MESSAGE_BYTES),
        )
        # A connect that is cancelled ends the process some seconds later: it is a task of its own, and only watched.
        task = self._connecting = asyncio.create_task(room.connect(self._url, self._token, options))
        done, _ = await asyncio.wait({task}, timeout=self._connect_s + 1)
        if not done:
            raise TransportError(f"LiveKit at {scrub(self._url)} didn't answer within {self._connect_s:.0f} s")
        error = task.exception()
        if error is not None:
            raise TransportError(
                f"can't enter the room on LiveKit at {scrub(self._url)}: {scrub(getattr(error, 'message', error))}"
            ) from None
        self._inbox.open()

    def serve(self, listener: TransportListener, *, client_identity: str | None, takes_camera: bool) -> None:
        """Tell `listener` of the client from now on; see the seam. None stands for whoever is in the room."""
        self._listener = listener
        self._identity = client_identity
        self._takes_camera = takes_camera
        if self._lost is not None:
            listener.lost(self._lost)
            return
        for participant in list(self._participants().values()):
            self._on_participant(participant)
            self._adopt_camera(participant)
        if self._subscribed:
            self._tell_subscribed()
        self._inbox.serve(self._is_client)

    async def publish_video(self, name: str, video: VideoFormat) -> LiveKitVideoTrack:
        """Publish a track with every option set; see the seam."""
        bitrate_bps = self._max_bitrate_bps or max_bitrate_bps(video.width, video.height, video.fps, video.codec)
        self._subscribed = False
        track = LiveKitVideoTrack(self._connected_room(), name, video, bitrate_bps)
        try:
            await track.publish()
        except TransportError:
            await track.unpublish()
            raise
        self._own(self._watch_media(track))
        return track

    async def send_text(self, text: str) -> None:
        """Send a text to the client alone; see the seam."""
        async with self._sending:  # streams sent at once may overtake each other
            room = self._connected_room()
            to = [self._identity] if self._identity is not None else None
            try:
                async with asyncio.timeout(_SEND_S):
                    await room.local_participant.send_text(text, topic=TOPIC, destination_identities=to)
                self._sent_at_s = time.monotonic()
            except Exception as error:  # noqa: BLE001 - the SDK raises its own, bare ones too
                raise TransportError(f"a message of {len(text):,} characters wasn't sent: {reason_of(error)}") from None

    async def close(self) -> None:
        """Leave; see the seam. Tracks are unpublished before by their owner."""
        if self._closing:
            return
        self._closing = True
        self._listener = None
        if self._looking is not None:
            self._looking.cancel()
        await self._inbox.close()
        await self._stop_camera()
        if self._connecting is not None:
            await asyncio.wait({self._connecting}, timeout=CONNECT_S)
            self._connecting.add_done_callback(_retrieve)
        await self._let_texts_pass()
        await self._disconnect()
        for task in list(self._tasks):
            await asyncio.wait({task}, timeout=_CALL_S)

    async def _let_texts_pass(self) -> None:
        """The library buffers and doesn't tell: a text sent just before leaving would break off."""
        left_s = self._sent_at_s + _TEXT_PASSES_S - time.monotonic()
        if left_s > 0 and self._joined and self._lost is None:
            await asyncio.sleep(left_s)

    async def _disconnect(self) -> None:
        room, self._room = self._room, None
        if room is None:
            return
        try:
            async with asyncio.timeout(_CALL_S):
                await room.disconnect()
        except Exception as error:  # noqa: BLE001 - leaving never raises
            log.warning("livekit_disconnect_failed", error=reason_of(error))

    def _connected_room(self) -> rtc.Room:
        if self._room is None or self._lost is not None or not self._room.isconnected():
            raise TransportError(self._lost or "there is no connection to the room")
        return self._room

    # --- who is there -------------------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Callable[..., None]]:
        return {
            "participant_connected": self._on_participant,
            "participant_disconnected": self._on_participant_gone,
            "local_track_subscribed": self._on_local_track_subscribed,
            "track_subscribed": self._on_track_subscribed,
            "track_unsubscribed": self._on_track_unsubscribed,
            "reconnecting": self._on_reconnecting,
            "disconnected": self._on_disconnected,
        }

    def _participants(self) -> dict[str, rtc.RemoteParticipant]:
        return dict(self._room.remote_participants) if self._room is not None else {}

    def _is_client(self, identity: str) -> bool:
        return self._identity is None or identity == self._identity

    def _on_participant(self, participant: rtc.RemoteParticipant) -> None:
        if self._listener is None:
            return
        if self._is_client(participant.identity):
            self._tell_joined()
        else:
            log.warning("stranger_ignored", identity=participant.identity)

    def _on_participant_gone(self, participant: rtc.RemoteParticipant) -> None:
        if self._listener is None or not self._is_client(participant.identity):
            return
        self._joined = False
        reason = participant.disconnect_reason
        deliberate = reason == rtc.DisconnectReason.CLIENT_INITIATED
        log.info("client_left_room", deliberate=deliberate, reason=_reason_name(reason))
        self._listener.client_left(deliberate=deliberate)

    def _on_local_track_subscribed(self, _track: rtc.LocalTrack) -> None:
        # The event doesn't say who: with only strangers announced it may be one of them, and the client's own
        # subscription is then told by its join (see `_tell_joined`).
        self._subscribed = True
        if self._listener is not None:
            self._tell_subscribed()

    def _tell_joined(self) -> None:
        if self._listener is not None and not self._joined:
            self._joined = True
            self._listener.client_joined()
            if not self._client_announced():
                self._looking = asyncio.get_running_loop().call_later(_ANNOUNCED_S, self._look_for_client)

    def _client_announced(self) -> bool:
        return any(self._is_client(identity) for identity in self._participants())

    def _look_for_client(self) -> None:
        """A client that has left before it was announced is never announced, and its leaving neither."""
        if self._listener is not None and self._joined and not self._client_announced():
            self._joined = False
            log.info("client_left_room", deliberate=None, reason="left before it was announced")
            self._listener.client_left(deliberate=False)

    def _tell_subscribed(self) -> None:
        strangers = [identity for identity in self._participants() if not self._is_client(identity)]
        if self._listener is None or (strangers and not self._joined):
            return
        self._tell_joined()
        self._listener.client_subscribed()

    def _on_reconnecting(self) -> None:
        log.warning("livekit_interrupted")
        if self._listener is not None and not self._closing:
            self._listener.interrupted()

    def _on_disconnected(self, reason: int) -> None:
        if self._closing:
            return
        self._lost = f"the connection to LiveKit was lost ({_reason_name(reason)})"
        log.warning("livekit_lost", reason=_reason_name(reason))
        if self._listener is not None:
            self._listener.lost(self._lost)

    async def _watch_media(self, track: LiveKitVideoTrack) -> None:
        """The SDK doesn't tell that its packets go nowhere, or up to 20 s late."""
        silence, stalled = Silence(time.monotonic()), False
        while not self._closing and track.is_published:
            await asyncio.sleep(LOOK_EVERY_S)
            if silence.look(await track.received_bytes(), time.monotonic()) == stalled:
                continue
            stalled = not stalled
            log.warning("media_stalled" if stalled else "media_resumed")
            if self._listener is not None:
                _guarded(self._listener.media_stalled if stalled else self._listener.media_resumed)()

    # --- messages -----------------------------------------------------------------------------------------------

    def _on_message(self, text: str) -> None:
        self._tell_joined()
        if self._listener is not None:
            _guarded(self._listener.message)(text)

    def _on_message_too_large(self) -> None:
        if self._listener is not None:
            _guarded(self._listener.message_too_large)(MAX_MESSAGE_BYTES)

    # --- camera -------------------------------------------------------------------------------------------------

    def _on_track_subscribed(
        self, _track: rtc.RemoteTrack, _publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        self._adopt_camera(participant)

    def _on_track_unsubscribed(
        self, _track: rtc.RemoteTrack, publication: rtc.RemoteTrackPublication, _participant: rtc.RemoteParticipant
    ) -> None:
        if publication.sid == self._camera_sid:
            self._own(self._stop_camera())

    def _adopt_camera(self, participant: rtc.RemoteParticipant) -> None:
        """The client's newest video track is its camera."""
        if self._listener is None or not self._takes_camera or not self._is_client(participant.identity):
            return
        tracks = [
            (publication.sid, publication.track)
            for publication in participant.track_publications.values()
            if isinstance(publication.track, rtc.RemoteVideoTrack)
        ]
        if not tracks or tracks[-1][0] == self._camera_sid:
            return
        previous, (self._camera_sid, track) = self._camera, tracks[-1]
        if previous is not None:
            previous.cancel()
        self._camera = self._own(self._watch_camera(track))

    async def _watch_camera(self, track: rtc.Track) -> None:
        stream = rtc.VideoStream(track, capacity=1, format=rtc.VideoBufferType.RGB24)
        try:
            async for event in stream:
                if self._listener is None:
                    return
                frame = event.frame
                if min(frame.width, frame.height) < _SMALLEST_CAMERA:
                    continue
                rotation = _ROTATIONS[event.rotation]
                _guarded(self._listener.camera_frame)(frame.data, frame.width, frame.height, rotation)
        finally:
            await stream.aclose()

    async def _stop_camera(self) -> None:
        task, self._camera, self._camera_sid = self._camera, None, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=_CALL_S)

    def _own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_retrieve)
        return task


def _catching(handler: Callable[..., None]) -> Callable[..., None]:
    """The SDK swallows what its callbacks raise: log it."""

    def handle(*arguments: Any) -> None:
        try:
            handler(*arguments)
        except Exception:
            log.exception("livekit_event_failed", handler=handler.__name__)

    return handle


def _guarded(told: Callable[P, None]) -> Callable[P, None]:
    def tell(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            told(*args, **kwargs)
        except Exception:
            log.exception("listener_failed", told=told.__name__)

    return tell


def _retrieve(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("livekit_task_failed", error=reason_of(error))


def _reason_name(reason: int | None) -> str:
    with contextlib.suppress(ValueError):
        return str(rtc.DisconnectReason.Name(reason or 0))  # type: ignore[arg-type] # its own int type
    return str(reason)
