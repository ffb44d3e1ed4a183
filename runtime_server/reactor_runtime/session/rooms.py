"""The rooms this runtime is in: prepared ahead, handed to sessions, left."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import structlog

from reactor_protocol.runtime import LiveKitTransport, PrepareRequest, RoomReleased, RuntimeEvent
from reactor_runtime import memory
from reactor_runtime.session.problems import ProblemError
from reactor_runtime.session.room import Room, RoomOwner
from reactor_runtime.session.tasks import Tasks
from reactor_runtime.transport.base import Transport, TransportError, VideoFormat

_log = structlog.get_logger(__name__)

PUBLISH_S = 25.0  # the transport's own deadlines for connecting and publishing, together
RECONNECT_S = 3.0  # 0.1 s where the network is there; a try from before it came back must not last for long
RECONNECT_MOST_S = 15.0  # but a slow network or a busy machine needs more: each try has twice the time
MAX_PREPARED = 4  # the next session's room, its successor's, and two that are being given up
GIVE_BACK_S = 1.0  # after a room was left: the media library's threads are done, and the next session has begun
REST_S = 0.5  # a room isn't left while the next client joins the next one: both cost LiveKit and us a core for a moment
MAX_RETIRED = 1000  # ids of ended sessions, for late stops


class TransportOpener(Protocol):
    """Makes an unconnected transport."""

    def __call__(
        self, parameters: LiveKitTransport, *, takes_camera: bool, connect_s: float | None = None
    ) -> Transport:
        """Make it; without a camera to take it needs nobody else's tracks. `connect_s`: its patience in connecting."""
        ...


class Rooms:
    """Prepared rooms by session id, and the ids that were used.

    Args:
        open_transport: makes an unconnected transport.
        publish: sends an event to all listeners.
        owner: of each room.
    """

    def __init__(
        self,
        open_transport: TransportOpener,
        publish: Callable[[RuntimeEvent], None],
        owner: RoomOwner,
    ) -> None:
        self._open_transport = open_transport
        self._publish = publish
        self._owner = owner
        self._prepared: dict[str, Room] = {}
        self._retired: OrderedDict[str, None] = OrderedDict()
        self._tasks = Tasks()
        self._giving_back: asyncio.TimerHandle | None = None
        self._closing = asyncio.Event()
        self._reconnecting = False

    @property
    def prepared(self) -> list[str]:
        """Session ids with a room ahead of time."""
        return list(self._prepared)

    async def prepare(self, request: PrepareRequest, video: VideoFormat, *, takes_camera: bool) -> None:
        """Enter a room, and publish `video` there if asked; again for the same id: what is missing.

        Raises:
            ProblemError: too many are prepared, the id's session has ended, or the transport refused.
        """
        session_id = request.session_id
        room = self._prepared.get(session_id)
        if room is None:
            if len(self._prepared) >= MAX_PREPARED:
                raise ProblemError(409, "BUSY", f"{MAX_PREPARED} rooms are prepared already; stop one first")
            room = self._prepared[session_id] = self._new(
                session_id, request.transport, video, takes_camera=takes_camera
            )
        try:
            async with asyncio.timeout(PUBLISH_S):
                await room.connect()
                if request.client_identity is not None:
                    room.serve(request.client_identity, takes_camera=takes_camera)
                if request.publish:
                    await room.publish(video)
        except (TransportError, TimeoutError) as error:
            if self._prepared.get(session_id) is room:
                self.give_up(session_id)
            raise transport_problem(error) from None
        self.check_new(session_id)

    def take(self, session_id: str, transport: LiveKitTransport, video: VideoFormat, *, takes_camera: bool) -> Room:
        """Return the room prepared for that session, or a new one."""
        room = self._prepared.pop(session_id, None)
        if room is None:
            return self._new(session_id, transport, video, takes_camera=takes_camera)
        room.use_codec(video.codec)
        return room

    @property
    def reconnecting(self) -> bool:
        """Whether a room is being given another connection."""
        return self._reconnecting

    async def reconnect(self, room: Room, parameters: LiveKitTransport, *, takes_camera: bool) -> None:
        """Give a room another connection; nothing if that is on its way already.

        Raises:
            ProblemError: the transport refused.
        """
        if self._reconnecting:
            return
        self._reconnecting = True
        began_s = time.monotonic()
        try:
            connect_s = min(RECONNECT_S * 2**room.reconnects, RECONNECT_MOST_S)
            transport = self._open_transport(parameters, takes_camera=takes_camera, connect_s=connect_s)
            async with asyncio.timeout(PUBLISH_S):
                await room.reconnect(transport)
        except (TransportError, TimeoutError) as error:
            raise transport_problem(error) from None
        finally:
            self._reconnecting = False
        took_s = round(time.monotonic() - began_s, 2)
        _log.info("the room was entered again", session_id=room.session_id, took_s=took_s)

    def give_up(self, session_id: str) -> bool:
        """Leave a prepared room, in the background; False if there is none for that id."""
        room = self._prepared.pop(session_id, None)
        if room is None:
            return False
        room.detach()
        self.retire(session_id)
        self._tasks.start(self.release(room), f"release {session_id}")
        return True

    def lost(self, room: Room, message: str) -> None:
        """The connection of a prepared room is gone: it may be prepared again."""
        if self._prepared.get(room.session_id) is room:
            _log.warning("a prepared room was lost", session_id=room.session_id, error=message)
            del self._prepared[room.session_id]
            room.detach()
            self._tasks.start(self.release(room, lost=True), f"release {room.session_id}")

    async def release(self, room: Room, *, lost: bool = False) -> None:
        """Leave a room, a little later, and say so."""
        if not lost:
            await room.rest()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), REST_S)
        await room.release()
        self._publish(RoomReleased(session_id=room.session_id, lost=lost))
        self._give_back_later()

    def retire(self, session_id: str) -> None:
        """Remember an id that was used."""
        self._retired[session_id] = None
        while len(self._retired) > MAX_RETIRED:
            self._retired.popitem(last=False)

    def retired(self, session_id: str) -> bool:
        """Whether a session or room of that id has ended."""
        return session_id in self._retired

    def check_new(self, session_id: str) -> None:
        """See that an id wasn't used.

        Raises:
            ProblemError: it was.
        """
        if session_id in self._retired:
            raise ended_problem(session_id, "its id can't be used again")

    async def close(self, timeout_s: float) -> None:
        """Leave all rooms; what takes longer than `timeout_s` is cut off."""
        self._closing.set()
        for session_id in self.prepared:
            self.give_up(session_id)
        await self._tasks.wait(timeout_s)
        await self._tasks.close()
        if self._giving_back is not None:
            self._giving_back.cancel()

    def _give_back_later(self) -> None:
        if self._giving_back is not None:
            self._giving_back.cancel()
        loop = asyncio.get_running_loop()
        self._giving_back = loop.call_later(GIVE_BACK_S, loop.run_in_executor, None, memory.give_back)

    def _new(self, session_id: str, parameters: LiveKitTransport, video: VideoFormat, *, takes_camera: bool) -> Room:
        transport = self._open_transport(parameters, takes_camera=takes_camera)
        return Room(session_id, transport, video.fps, self._owner)


def transport_problem(error: Exception | str) -> ProblemError:
    """Say that a room can't be used."""
    return ProblemError(502, "TRANSPORT", str(error) or f"the room wasn't ready within {PUBLISH_S:g} s")


def ended_problem(session_id: str, message: str) -> ProblemError:
    """Say that a session is over."""
    return ProblemError(410, "NOT_FOUND", f"the session {session_id} has ended: {message}")
