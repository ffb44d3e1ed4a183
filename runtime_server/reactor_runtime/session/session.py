"""One client's session: what it says, what the model answers, and when it ends by itself."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from reactor_protocol.application import (
    MAX_MESSAGE_BYTES,
    REQUEST_CAPABILITIES,
    CommandError,
    CommandErrorCode,
    CommandErrorData,
    SessionState,
    StateChanged,
    StateChangedData,
    Stats,
    StatsData,
    parse_command,
)
from reactor_protocol.base import MessageError
from reactor_protocol.runtime import RuntimeEndReason, SessionInfo, StartSessionRequest
from reactor_runtime.media.frame import OutputFrame
from reactor_runtime.session.camera import Camera
from reactor_runtime.session.outbox import ClientOutbox
from reactor_runtime.session.room import Room
from reactor_runtime.session.tasks import Tasks
from reactor_runtime.transport.base import Rotation
from reactor_runtime.worker.messages import (
    CommandFailed,
    Frame,
    MessageDone,
    ModelMessage,
    RunCommand,
    SessionOver,
    SessionReturned,
    ToWorker,
)

_log = structlog.get_logger(__name__)

UNSUBSCRIBED_S = 3.0  # in the room that long without the track: it doesn't want it, or we weren't told
STATS_S = 1.0
MEND_ASK_S = 0.5  # a try that failed is followed by the next
MEND_LIMIT_S = 60.0  # a network that is away for longer has taken the client's patience with it
DRAIN_S = 30.0  # the longest block that may still play, with room to spare


class SessionOwner(Protocol):
    """What a session tells its owner, on the event loop."""

    def end(self, session: "Session", reason: RuntimeEndReason, message: str) -> None:
        """The session has to end."""
        ...

    def client_joined(self, session: "Session") -> None:
        """The client is in."""
        ...

    def client_lost(self, session: "Session") -> None:
        """The client's connection broke; the session goes on."""
        ...

    def media_stalled(self, session: "Session") -> None:
        """Pictures don't reach LiveKit any more: the room has to be entered once more."""
        ...


@dataclass(frozen=True, slots=True)
class ModelSide:
    """What a session needs of the loaded model."""

    send: Callable[[ToWorker, int | None], bool]
    """Queues a message for the worker; False when too many commands wait."""
    capabilities: bytes
    camera: Camera | None


class Session:
    """The current session, a `TransportListener`. It only decides that it has to end; its owner ends it."""

    def __init__(self, request: StartSessionRequest, room: Room, model: ModelSide, owner: SessionOwner) -> None:
        self.id = request.session_id
        self.room = room
        self.tasks = Tasks()
        self.published: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the track is up, or the model has ended before; failed when anything else ended the session."""
        self.ended: RuntimeEndReason | None = None
        self.over = False
        """The model has left the session."""
        self.longest_gap_s = 0.0
        """Between two of the model's emits, in seconds."""
        self.size: tuple[int, int] | None = None
        """Width and height of the last frame."""
        self._request = request
        self._model = model
        self._owner = owner
        self._log = _log.bind(session_id=self.id)
        self._began_at_s = self._last_emit_s = self._last_word_s = time.monotonic()
        self._outbox = ClientOutbox(room.transport, self._message_done)
        self._loop = asyncio.get_running_loop()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._client_in = False
        self._client_away = False
        self._released = asyncio.Event()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._model_left = asyncio.Event()
        self._concluded = False

    # --- its life -----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Hold what the model makes from now on, and listen to what it and the client say."""
        self.room.output.begin()
        self.tasks.start(self._outbox.run(), f"messages to the client of {self.id}")
        self._say_state("starting")

    def track_published(self) -> None:
        """The track is up: from now on the client has to come."""
        if not self.published.done():
            self.published.set_result(None)
        self._say_state("active")
        if self._client_in:
            self._release()
        else:
            self._after("join", self._request.join_timeout_s, self._never_joined)

    def model_returned(self, message: SessionReturned) -> None:
        """`start_session` has returned or raised, but a command's handler or `on_frame` still runs."""
        self._conclude(message)

    def model_over(self, message: SessionOver) -> None:
        """The model has returned or raised, and none of its handlers runs any more."""
        self.over = True
        self._model_left.set()
        self._conclude(message)

    def close(self, reason: RuntimeEndReason) -> None:
        """Deliver nothing more, in either direction."""
        self.ended = reason
        self.room.detach()
        self._outbox.close()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def info(self) -> SessionInfo:
        """What `GET /session` answers."""
        stats = self.room.output.stats()
        return SessionInfo(
            session_id=self.id,
            state="stopping" if self.ended else "active" if self.published.done() else "starting",
            age_s=time.monotonic() - self._began_at_s,
            frames=stats.frames,
            fps=stats.fps,
            dropped=stats.dropped,
            latency_ms=stats.latency_ms,
        )

    # --- from the model -----------------------------------------------------------------------------------------

    def play(self, frame: Frame, picture: OutputFrame) -> None:
        """Take a frame; on the worker's thread."""
        if self.ended is not None:
            picture.release()
            return
        self.longest_gap_s = max(self.longest_gap_s, frame.emitted_at_s - self._last_emit_s)
        self._last_emit_s = frame.emitted_at_s
        self.size = (frame.width, frame.height)
        self.room.output.play(picture)

    def model_message(self, message: ModelMessage) -> None:
        """Pass on what the model sent."""
        self._outbox.put_application(message.data)

    def command_failed(self, message: CommandFailed) -> None:
        """Tell the client that a command had no effect or failed."""
        error = CommandErrorData.model_validate_json(message.error)
        self._log.warning("a command failed", command=error.command, code=error.code, traceback=message.traceback)
        self._outbox.put_notice(CommandError(data=error))

    # --- from the client (TransportListener) --------------------------------------------------------------------

    def client_joined(self) -> None:
        """See `TransportListener`."""
        self._cancel("join")
        if self._client_away:
            self._client_away = False
            self._owner.client_joined(self)
        if not self._client_in and "unsubscribed" not in self._timers:
            self._after("unsubscribed", UNSUBSCRIBED_S, self._let_in)
        if self._request.idle_timeout_s is not None and "idle" not in self._timers:
            self._after("idle", self._request.idle_timeout_s, self._check_idle)

    def client_subscribed(self) -> None:
        """See `TransportListener`."""
        self.client_joined()
        if self._released.is_set():
            self.room.output.release_hold()  # the track was published again, in another size
        self._let_in()

    def client_left(self, *, deliberate: bool) -> None:
        """See `TransportListener`."""
        if deliberate:
            self._owner.end(self, "client_left_room", "the client has left the room")
        else:
            self._client_away = True
            self._owner.client_lost(self)

    def message(self, text: str) -> None:
        """See `TransportListener`."""
        self.client_joined()
        self._last_word_s = time.monotonic()
        if len(text) > MAX_MESSAGE_BYTES:
            self.message_too_large(MAX_MESSAGE_BYTES)
            return
        try:
            command = parse_command(text)
            data = json.dumps(command.data).encode()
        except (MessageError, RecursionError) as error:
            self._refuse("", "BAD_MESSAGE", str(error))
            return
        if command.name == REQUEST_CAPABILITIES:
            self._outbox.put_application(self._model.capabilities)
        elif not self._model.send(RunCommand(self.id, command.name, data), None):
            self._refuse(
                command.name, "TOO_MANY_COMMANDS", "too many commands wait for the model already; this one is dropped"
            )

    def message_too_large(self, limit_bytes: int) -> None:
        """See `TransportListener`."""
        self._refuse("", "MESSAGE_TOO_LARGE", f"a message may have at most {limit_bytes} bytes; this one was dropped")

    def camera_frame(self, pixels: memoryview, width: int, height: int, rotation: Rotation) -> None:
        """See `TransportListener`."""
        if self._model.camera is not None:
            self._model.camera.show(self.id, pixels, width, height, rotation)

    def interrupted(self) -> None:
        """See `TransportListener`."""
        self._log.warning("the connection to the client's room broke; waiting for it to come back")

    def media_stalled(self) -> None:
        """See `TransportListener`."""
        if self._flowing.is_set():
            self._flowing.clear()
            self.tasks.start(self._mend(), f"mend {self.id}")

    def media_resumed(self) -> None:
        """See `TransportListener`."""
        self._flowing.set()

    def lost(self, message: str) -> None:
        """See `TransportListener`."""
        self._owner.end(self, "livekit_lost", message)

    # ------------------------------------------------------------------------------------------------------------

    def _conclude(self, message: SessionReturned | SessionOver) -> None:
        if self.ended is not None or self._concluded:
            return
        self._concluded = True
        if message.outcome == "error":
            self._log.error("the model failed", error=message.message, traceback=message.traceback)
            self._owner.end(self, "model_error", message.message)
        else:
            self.tasks.start(self._play_out(), f"play out {self.id}")

    def _let_in(self) -> None:
        if not self._client_in:
            self._client_in = True
            self._cancel("unsubscribed")
            if self.published.done():
                self._release()

    def _release(self) -> None:
        self._cancel("join")
        self.room.output.release_hold()
        self._outbox.release()
        self._released.set()
        self.tasks.start(self._tell_stats(), f"stats for {self.id}")
        self._owner.client_joined(self)

    @property
    def is_stalled(self) -> bool:
        """Pictures don't reach LiveKit."""
        return not self._flowing.is_set()

    async def _mend(self) -> None:
        """Ask for the way back into the room until pictures flow again."""
        try:
            async with asyncio.timeout(MEND_LIMIT_S):
                while self.is_stalled:
                    self._owner.media_stalled(self)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(MEND_ASK_S):
                            await self._flowing.wait()
        except TimeoutError:
            self._owner.end(self, "livekit_lost", f"LiveKit couldn't be reached for {MEND_LIMIT_S:g} s")

    async def _play_out(self) -> None:
        """See everything that is held on its way, then end. A client that hasn't come yet is waited for.

        So is a handler that still runs: until the kill grace is over, which ends the session with another reason.
        """
        await self._released.wait()
        self._say_state("stopping")
        try:
            async with asyncio.timeout(DRAIN_S):
                await self.room.output.drain(DRAIN_S)
                await self._outbox.drain()
        except TimeoutError:
            self._log.warning("not everything could be played out")
        await self._model_left.wait()
        self._owner.end(self, "model_finished", "the model has finished")

    async def _tell_stats(self) -> None:
        while True:
            await asyncio.sleep(STATS_S)
            stats = self.room.output.stats()
            self._outbox.put_notice(
                Stats(
                    data=StatsData(
                        fps=stats.fps,
                        sent_fps=stats.sent_fps,
                        dropped=stats.dropped,
                        width=stats.width,
                        height=stats.height,
                        target_fps=stats.target_fps,
                    )
                )
            )

    def _message_done(self, size_bytes: int) -> None:
        self._model.send(MessageDone(self.id, size_bytes), None)

    def _say_state(self, state: SessionState) -> None:
        self._outbox.put_notice(StateChanged(data=StateChangedData(state=state)))

    def _refuse(self, command: str, code: CommandErrorCode, message: str) -> None:
        self._outbox.put_notice(CommandError(data=CommandErrorData(command=command, code=code, message=message)))

    def _never_joined(self) -> None:
        seconds = self._request.join_timeout_s
        self._owner.end(self, "join_timeout", f"the client didn't join its room within {seconds:g} s")

    def _check_idle(self) -> None:
        limit_s = self._request.idle_timeout_s or 0.0
        left_s = self._last_word_s + limit_s - time.monotonic()
        if left_s > 0:
            self._after("idle", left_s, self._check_idle)
        else:
            self._owner.end(self, "idle_timeout", f"no message from the client for {limit_s:g} s")

    def _after(self, name: str, delay_s: float, action: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.pop(name, None)
            action()

        self._timers[name] = self._loop.call_later(delay_s, run)

    def _cancel(self, name: str) -> None:
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()
