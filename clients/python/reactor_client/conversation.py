"""One session from the asking to the end: what the coordinator says, and what follows from it."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from reactor_client.camera import Camera
from reactor_client.errors import NotReadyError, ReactorError, RefusedError, SessionEndedError, UnreachableError
from reactor_client.events import Event, Status
from reactor_client.frame import Frame
from reactor_client.room import MediaRoom, RoomListener
from reactor_client.signalling import Signalling, SocketLostError
from reactor_protocol.frontend import (
    ErrorData,
    ErrorMessage,
    GpuMachineAssigned,
    GpuMachineAssignedData,
    RoomPrepared,
    RoomPreparedData,
    ServerMessage,
    SessionEnd,
    SessionEnded,
    SessionExpiration,
    SessionSetup,
    SessionSetupData,
    WaitingInfo,
    WaitingInfoData,
)

# After these, if recoverable, the coordinator still remembers the request: what failed is tried again.
_KEEPS_PLACE = frozenset(
    {"MODEL_LOADING_FAILED", "GPU_CONNECTION_FAILED", "RATE_LIMITED", "BAD_MESSAGE", "MESSAGE_TOO_LARGE"}
)
# A resume is one round trip; the first attempt comes at once.
_FIRST_RETRY_S = 0.1
_LONGEST_RETRY_S = 2.0
_RESUME_ANSWER_S = 5.0
# The room is closed some 20 ms after the end of a session; a stuck model's stays open.
_LINGER_S = 0.5
# The other side's close frame is a courtesy, and a join under way may have to end first.
_LEAVE_TIMEOUT_S = 10.0


class ConversationListener(RoomListener, Protocol):
    """What a session tells, on the event loop."""

    def on_status(self, status: Status, waiting: WaitingInfoData | None) -> None:
        """The status or the place in the queue changed."""
        ...

    def on_event(self, event: Event) -> None:
        """Something else was said."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What a session is asked with, and how hard it is held on to."""

    url: str
    setup: SessionSetupData
    resume_timeout_s: float
    """How long a lost session is asked for again."""


class _RoomLostError(Exception):
    pass


class Conversation:
    """Asks for a session, enters its room, comes back after a lost connection, leaves."""

    def __init__(self, request: Request, listener: ConversationListener) -> None:
        self._request = request
        self._listener = listener
        self._socket: Signalling | None = None
        self._room: MediaRoom | None = None
        self._grant: GpuMachineAssignedData | None = None
        self._is_ready = False
        self._cameras: list[Camera] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def grant(self) -> GpuMachineAssignedData | None:
        """Which session was granted."""
        return self._grant

    @property
    def socket(self) -> Signalling | None:
        """The connection to the coordinator."""
        return self._socket

    def room(self) -> MediaRoom:
        """The room, once the session is ready.

        Raises:
            NotReadyError: it isn't.
        """
        if self._room is None or not self._is_ready:
            raise NotReadyError("the session isn't ready yet: await connect() first")
        return self._room

    def on_frame(self, frame: Frame) -> None:
        """Pass a picture on; in a room that is only prepared there is a flat one."""
        if self._grant is not None:
            self._listener.on_frame(frame)

    def on_text(self, text: str) -> None:
        """Pass a text on."""
        self._listener.on_text(text)

    async def add_camera(self, camera: Camera) -> None:
        """Publish a camera, and again after every new join."""
        await self.room().publish(camera)
        self._cameras.append(camera)

    async def run(self) -> None:
        """Hold the session until it ends; cancel it to leave.

        Raises:
            ReactorError: it was refused, lost or ended by somebody else.
        """
        try:
            await self._ask()
            while True:
                try:
                    await self._follow()
                except (SocketLostError, _RoomLostError) as error:
                    await self._resume(str(error))
        except SessionEndedError:
            # The end is told by the socket, the model's last messages come by the room and may be later; so may our
            # own arrival there, when the model finished at once.
            await self._finish_join()
            if self._room is not None and self._room.is_in:
                await self._room.linger(_LINGER_S)
            raise
        finally:
            await self._leave()

    async def _ask(self) -> None:
        self._listener.on_status("connecting", None)
        self._socket = await Signalling.open(self._request.url)
        try:
            await self._socket.send(SessionSetup(data=self._request.setup))
        except SocketLostError as error:
            await self._hear_last_words(self._socket)
            raise UnreachableError(f"the coordinator hung up: {error}") from None

    async def _hear_last_words(self, socket: Signalling) -> None:
        """Take what came before the end: a refusal says why."""
        with contextlib.suppress(SocketLostError):
            while True:
                self._handle(await socket.receive())

    async def _follow(self) -> None:
        assert self._socket is not None  # noqa: S101 - `_ask` has opened it
        receiving = asyncio.create_task(self._socket.receive())
        try:
            while True:
                await asyncio.wait({receiving, *self._room_changes()}, return_when=asyncio.FIRST_COMPLETED)
                await self._look_at_join()
                if receiving.done():
                    message = receiving.result()
                    receiving = asyncio.create_task(self._socket.receive())
                    self._handle(message)
                    await self._look_at_join()
                else:  # the end of a session is told before its room goes
                    self._look_at_loss()
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    def _room_changes(self) -> set[asyncio.Future[Any]]:
        if self._room is None:
            return set()
        return {self._room.lost} if self._room.joined.done() else {self._room.joined}

    def _handle(self, message: ServerMessage | None) -> None:
        match message:
            case WaitingInfo(data=data):
                self._listener.on_status("waiting", data)
            case RoomPrepared(data=data):
                self._enter(data)
            case GpuMachineAssigned(data=data):
                self._granted(data)
            case SessionExpiration(data=data):
                self._listener.on_event(data)
            case ErrorMessage(data=data):
                self._refused(data)
            case SessionEnded(data=data) if self._grant is not None and data.session_id == self._grant.session_id:
                self._listener.on_event(data)
                raise SessionEndedError(data)

    def _granted(self, data: GpuMachineAssignedData) -> None:
        self._grant = data
        if not self._is_ready:
            self._listener.on_status("connecting", None)
        self._enter(data)

    def _refused(self, data: ErrorData) -> None:
        self._listener.on_event(data)
        if self._grant is None and not (data.recoverable and data.code in _KEEPS_PLACE):
            raise RefusedError(data)

    def _enter(self, data: GpuMachineAssignedData | RoomPreparedData) -> None:
        """Join that room, unless we are in it or on the way."""
        room = self._room
        if room is not None and room.session_id == data.session_id and not room.lost.done():
            return
        self._forget_room()
        self._room = MediaRoom(data.session_id, self)
        self._room.start(data.livekit_ws_url, data.livekit_jwt_token)

    def _forget_room(self) -> None:
        room, self._room, self._is_ready = self._room, None, False
        if room is not None:
            self._spawn(room.leave())

    async def _finish_join(self) -> None:
        if self._room is not None and self._grant is not None:
            await asyncio.wait({self._room.joined}, timeout=_LINGER_S)
            await self._look_at_join()

    async def _look_at_join(self) -> None:
        room = self._room
        if room is not None and room.is_in and self._grant is not None and not self._is_ready:
            self._is_ready = True
            for camera in self._cameras:
                await room.publish(camera)
            self._listener.on_status("ready", None)

    def _look_at_loss(self) -> None:
        room = self._room
        if room is None or not room.joined.done() or room.is_in:
            return
        if self._grant is None:  # only prepared: the grant brings another token
            self._forget_room()
            return
        room.joined.result()
        self._give_up_if_replaced(room.lost.result())
        raise _RoomLostError(room.lost.result())

    def _give_up_if_replaced(self, reason: str) -> None:
        if reason == "DUPLICATE_IDENTITY":
            raise ReactorError("REPLACED", "another client uses this session's token")

    async def _resume(self, cause: str) -> None:
        grant, old = self._grant, self._socket
        if grant is None:
            raise UnreachableError(f"the coordinator hung up before the session was granted: {cause}")
        deadline_s = time.monotonic() + self._request.resume_timeout_s
        pause_s = _FIRST_RETRY_S
        while True:
            try:
                await self._come_back(grant)
                break
            except (UnreachableError, SocketLostError, TimeoutError) as error:
                if time.monotonic() + pause_s > deadline_s:
                    raise UnreachableError(f"the session is lost: {cause}; {error}") from None
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_RETRY_S)
        if old is not None:
            # Closed after the new one has taken over: a close frame of the owner would end the session.
            self._spawn(old.close())

    async def _come_back(self, grant: GpuMachineAssignedData) -> None:
        socket = await Signalling.open(self._request.url)
        try:
            async with asyncio.timeout(_RESUME_ANSWER_S):
                setup = self._request.setup.model_copy(update={"resume_token": grant.resume_token})
                await socket.send(SessionSetup(data=setup))
                answer = await self._answer(socket)
        except BaseException:
            socket.abort()
            raise
        self._socket = socket
        self._granted(answer)

    async def _answer(self, socket: Signalling) -> GpuMachineAssignedData:
        while True:
            match await socket.receive():
                case GpuMachineAssigned(data=data):
                    return data
                case ErrorMessage(data=data):
                    self._listener.on_event(data)
                    raise RefusedError(data)
                case SessionEnded(data=data):
                    self._listener.on_event(data)
                    raise SessionEndedError(data)

    async def _leave(self) -> None:
        """Tell the coordinator first: that frees the model at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_TIMEOUT_S):
                if self._socket is not None:
                    with contextlib.suppress(SocketLostError):
                        await self._socket.send(SessionEnd())
                    self._spawn(self._socket.close())
                self._forget_room()
                if self._tasks:
                    await asyncio.wait(self._tasks)
                for camera in self._cameras:
                    await camera.release()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
