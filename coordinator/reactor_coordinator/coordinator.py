"""Carries out what the broker decides: sockets, LiveKit, the runtime, time."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Coroutine
from typing import Any

import structlog

from reactor_coordinator.broker import Broker
from reactor_coordinator.client_socket import ClientSocket
from reactor_coordinator.errors import RoomError, RuntimeCallError
from reactor_coordinator.events import (
    Asked,
    AskSnapshot,
    Assign,
    DropRoom,
    Effect,
    Event,
    Left,
    MakeRoom,
    Rejoin,
    RoomFailed,
    RoomMade,
    RoomsLost,
    RoomsSwept,
    RuntimeDoubted,
    RuntimeGone,
    RuntimeSaid,
    ShowRoom,
    ShutDown,
    SocketClosed,
    SocketOpened,
    Start,
    Started,
    StartRefused,
    Stop,
    StopUnknown,
    Tell,
    Tick,
)
from reactor_coordinator.invitations import Invitations
from reactor_coordinator.livekit_watch import LiveKitWatch, patience_s
from reactor_coordinator.metrics import Metrics
from reactor_coordinator.pool import RuntimePool
from reactor_coordinator.rooms import Rooms
from reactor_coordinator.settings import Settings
from reactor_coordinator.tokens import TokenMint
from reactor_protocol.frontend import (
    ClientMessage,
    SessionEnd,
    Welcome,
    WelcomeData,
)
from reactor_protocol.runtime import Heartbeat, LiveKitTransport, PrepareRequest, StartSessionRequest

FAREWELL_S = 2.0
"""Everything at shutdown together."""

SWEEP_RETRY_S = 0.5
"""LiveKit may start later than we do."""

DROP_ATTEMPTS = 5
"""Deleting a room is tried for about half a minute; a LiveKit away for longer has forgotten its rooms."""

_log = structlog.get_logger(__name__)


def new_id() -> str:
    """128 random bits: session ids, identities and resume tokens can't be guessed."""
    return secrets.token_hex(16)


class Coordinator:
    """One per process. Create inside the running loop; `start`, then `stop`."""

    def __init__(self, settings: Settings, pool: RuntimePool, rooms: Rooms, mint: TokenMint) -> None:
        self._settings = settings
        self._pool = pool
        self._rooms = rooms
        self._mint = mint
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._invitations = Invitations(settings, rooms, mint)
        self._rejoining: set[str] = set()
        self._changed = asyncio.Event()
        self.sockets: dict[int, ClientSocket] = {}
        self.broker = Broker(settings.policy(), new_id)
        self.metrics = Metrics()
        self.livekit_error: str | None = None

    def start(self) -> None:
        """Begin to follow the runtime and to prepare."""
        self._spawn(self._sweep(), "sweep")
        self._spawn(self._watch(), "watch")
        look = LiveKitWatch(
            self._rooms.missing,
            lambda: self.broker.rooms_in_use,
            self._rooms_lost,
            self._settings.livekit_lost_after or patience_s(self._settings.livekit_url),
        )
        self._spawn(look.run(), "watch LiveKit")

    async def stop(self) -> None:
        """Tell everyone, end the session, leave no room behind; at most FAREWELL_S."""
        deadline_s = self._loop.time() + FAREWELL_S
        self._dispatch(ShutDown())
        for client in list(self.sockets.values()):
            client.close(1001)
        await self._all_left(deadline_s)
        for client in list(self.sockets.values()):
            client.cut()
        try:
            async with asyncio.timeout_at(max(deadline_s, self._loop.time() + 0.3)):
                await self._rooms.sweep()
        except (RoomError, TimeoutError) as error:
            _log.warning("rooms_left_behind", cause=str(error))
        await self._end_tasks()
        await self._pool.aclose()
        await self._rooms.aclose()

    async def _all_left(self, deadline_s: float) -> None:
        """Wait for the runtime to leave its rooms, and for clients to answer the close."""
        while (self.broker.leaving or self.sockets) and self._loop.time() < deadline_s:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(deadline_s):
                    await self._changed.wait()

    async def _end_tasks(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Clients

    async def serve(self, client: ClientSocket) -> None:
        """Everything between a client's WebSocket being accepted and its end."""
        self.sockets[client.number] = client
        _log.info("client_connected", client=client.number)
        clean = False
        try:
            welcome = WelcomeData(message="Welcome to Reactor Local", timestamp=time.time())
            client.send(Welcome(data=welcome))
            self._dispatch(SocketOpened(client.number))
            clean = await client.serve(lambda message: self._take_message(client, message))
        finally:
            del self.sockets[client.number]
            _log.info("client_gone", client=client.number, clean=clean)
            self._dispatch(SocketClosed(client.number, clean))

    def _take_message(self, client: ClientSocket, message: ClientMessage) -> None:
        if isinstance(message, SessionEnd):
            self._dispatch(Left(client.number))
            return
        served = self.broker.runtime.model_name
        if served and message.data.model_name != served:
            _log.info("other_model_asked_for", client=client.number, served=served)
        self._dispatch(Asked(client.number, message.data))

    # Events in, effects out

    def _dispatch(self, event: Event) -> None:
        for effect in self.broker.handle(event, time.monotonic()):
            self._carry_out(effect)
        self._changed.set()
        self._arm_timer()

    def _arm_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due_s = self.broker.deadline_s()
        # Any number of hours is fine; the limit keeps infinity out of call_later.
        delay_s = min(max(due_s - time.monotonic(), 0.001), 3600.0)
        self._timer = self._loop.call_later(delay_s, self._dispatch, Tick())

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Tell(client, message):
                self._send(client, message)
                self.metrics.count(message)
            case Assign():
                self._assign(effect)
            case ShowRoom():
                self._show(effect)
            case MakeRoom():
                self._spawn(self._make_room(effect), f"make-room-{effect.session_id}")
            case Rejoin(session_id):
                self._spawn(self._rejoin(session_id), f"rejoin-{session_id}")
            case Start():
                self._spawn(self._start(effect), f"start-{effect.session_id}")
            case Stop():
                self._spawn(self._stop(effect), f"stop-{effect.session_id}")
            case DropRoom(session_id):
                self._spawn(self._drop_room(session_id), f"drop-room-{session_id}")
            case AskSnapshot():
                self._pool.look_again()

    def _send(self, client: int, message: Any) -> None:
        socket = self.sockets.get(client)
        if socket is not None:
            socket.send(message)

    def _assign(self, effect: Assign) -> None:
        socket = self.sockets.get(effect.client)
        if socket is not None:
            self._invitations.assign(socket, effect, self.broker.runtime)
            self.metrics.grants += 1
            _log.info("session_assigned", session_id=effect.session_id, client=effect.client)

    def _show(self, effect: ShowRoom) -> None:
        socket = self.sockets.get(effect.client)
        if socket is not None:
            self._invitations.show(socket, effect, self.broker.runtime)

    # What takes time

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("task_failed", task=task.get_name(), exc_info=task.exception())

    def _transport(self, session_id: str) -> LiveKitTransport:
        runtime = self.broker.runtime
        token = self._mint.for_runtime(
            self._rooms.name(session_id),
            f"runtime-{session_id}",
            subscribe=runtime.video_input or runtime.audio_input,
        )
        return LiveKitTransport(ws_url=self._settings.livekit_url, jwt_token=token)

    async def _make_room(self, effect: MakeRoom) -> None:
        session_id = effect.session_id
        try:
            if not effect.again:
                await self._rooms.create(session_id)
            request = PrepareRequest(
                session_id=session_id,
                transport=self._transport(session_id),
                client_identity=effect.identity,
                publish=effect.publish,
                video_codecs=list(effect.codecs),
            )
            await self._pool.prepare(request)
        except RoomError as error:
            self.livekit_error = str(error)
            _log.warning("room_not_made", session_id=session_id, cause=str(error))
            self._dispatch(RoomFailed(session_id, "livekit", str(error)))
        except RuntimeCallError as error:
            _log.warning("room_not_entered", session_id=session_id, code=error.code, cause=error.message)
            self._dispatch(RoomFailed(session_id, "gpu", error.message))
        else:
            self.livekit_error = None
            _log.debug("room_ready", session_id=session_id, publish=effect.publish)
            self._dispatch(RoomMade(session_id))

    async def _rejoin(self, session_id: str) -> None:
        if session_id in self._rejoining:
            return
        self._rejoining.add(session_id)
        try:
            await self._pool.prepare(PrepareRequest(session_id=session_id, transport=self._transport(session_id)))
        except RuntimeCallError as error:
            _log.warning("room_not_entered_again", session=session_id, code=error.code, cause=error.message)
        else:
            _log.info("room_entered_again", session=session_id)
        finally:
            self._rejoining.discard(session_id)

    async def _start(self, effect: Start) -> None:
        began_s = time.monotonic()
        request = StartSessionRequest(
            session_id=effect.session_id,
            transport=self._transport(effect.session_id),
            client_identity=effect.identity,
            join_timeout_s=self._settings.join_timeout,
            idle_timeout_s=self._settings.idle_timeout,
            video_codecs=list(effect.codecs),
        )
        try:
            await self._pool.acquire(request)
        except RuntimeCallError as error:
            _log.warning("session_not_started", session_id=effect.session_id, code=error.code, cause=error.message)
            self._dispatch(StartRefused(effect.session_id, error.code, error.message))
        else:
            self._dispatch(Started(effect.session_id))
            took_ms = round((time.monotonic() - began_s) * 1000, 1)
            _log.info("session_started", session_id=effect.session_id, took_ms=took_ms)

    async def _stop(self, effect: Stop) -> None:
        _log.info("session_stopping", session_id=effect.session_id, reason=effect.reason)
        for attempt in range(3):
            try:
                await self._pool.release(effect.session_id, effect.reason)
            except RuntimeCallError as error:
                if error.code == "NOT_FOUND":
                    self._dispatch(StopUnknown(effect.session_id))
                    return
                _log.warning("stop_failed", session_id=effect.session_id, code=error.code, cause=error.message)
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                return

    async def _drop_room(self, session_id: str) -> None:
        for attempt in range(DROP_ATTEMPTS):
            try:
                await self._rooms.delete(session_id)
            except RoomError as error:
                _log.warning("room_not_deleted", session_id=session_id, cause=str(error))
                await asyncio.sleep(2.0**attempt)
            else:
                return

    async def _sweep(self) -> None:
        while True:
            try:
                deleted = await self._rooms.sweep()
            except RoomError as error:
                if self.livekit_error is None:
                    _log.warning("livekit_out_of_reach", cause=str(error))
                self.livekit_error = str(error)
                await asyncio.sleep(SWEEP_RETRY_S)
            else:
                self.livekit_error = None
                _log.info("rooms_swept", deleted=deleted)
                self._dispatch(RoomsSwept())
                return

    def _rooms_lost(self, session_ids: frozenset[str], message: str) -> None:
        _log.error("rooms_lost", sessions=sorted(session_ids), cause=message)
        self._dispatch(RoomsLost(session_ids, message))

    async def _watch(self) -> None:
        async for news in self._pool.watch():
            self._log_news(news)
            self._dispatch(news)

    @staticmethod
    def _log_news(news: RuntimeSaid | RuntimeDoubted | RuntimeGone) -> None:
        if isinstance(news, RuntimeGone):
            _log.error("runtime_lost", cause=news.message)
        elif isinstance(news, RuntimeSaid) and not isinstance(news.event, Heartbeat):
            session = getattr(news.event, "session_id", None)
            _log.debug("runtime_event", kind=news.event.type, session_id=session)
