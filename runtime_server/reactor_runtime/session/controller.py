"""The runtime's one model, its current session and the rooms prepared for the next ones."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from reactor_protocol import runtime
from reactor_protocol.frontend import VideoCodec
from reactor_protocol.runtime import (
    PrepareRequest,
    Readiness,
    RuntimeEndReason,
    RuntimeEvent,
    Snapshot,
    StartSessionRequest,
    StartSessionResponse,
    StopSessionRequest,
    StopSessionResponse,
)
from reactor_runtime.media.codec import DEFAULT_ORDER
from reactor_runtime.media.frame import OutputFrame
from reactor_runtime.session.counters import Counters
from reactor_runtime.session.listener_watch import LISTENER_S, coordinator_gone
from reactor_runtime.session.machine import Machine, Trigger
from reactor_runtime.session.problems import ProblemError
from reactor_runtime.session.room import Room, RoomLostError
from reactor_runtime.session.rooms import PUBLISH_S, Rooms, TransportOpener, ended_problem, transport_problem
from reactor_runtime.session.served_model import ServedModel
from reactor_runtime.session.session import ModelSide, Session
from reactor_runtime.session.tasks import Tasks
from reactor_runtime.transport.base import TransportError, VideoFormat
from reactor_runtime.worker.history import ModelHistory
from reactor_runtime.worker.messages import (
    CallbackFailed,
    CommandFailed,
    Frame,
    FromWorker,
    InputFrameDone,
    MessageDone,
    ModelMessage,
    SessionEntered,
    SessionOver,
    SessionReturned,
    StartSession,
)
from reactor_runtime.worker.supervisor import (
    SHUTDOWN_GRACE_S,
    SHUTDOWN_KILL_S,
    LoadedModel,
    LossReason,
    Supervisor,
    kill_grace_s,
)

_log = structlog.get_logger(__name__)

STOP_GRACE_S = 2.0  # contract: a model that polls ends in its own time for so long
CLEAN_UP_S = 1.0  # of the shutdown's three seconds
_BY_THE_MODEL: frozenset[RuntimeEndReason] = frozenset(
    {"model_finished", "model_error", "model_crashed", "model_stuck"}
)


class Controller:
    """What the REST routes call; listens to the supervisor, the rooms and the session.

    Args:
        supervisor: of the model's process.
        history: of the model.
        open_transport: makes an unconnected transport.
        publish: sends an event to all listeners.
        silence_s: for how long nobody has listened to the events, in seconds.
        codecs: the order in which codecs are chosen.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        history: ModelHistory,
        *,
        open_transport: TransportOpener,
        publish: Callable[[RuntimeEvent], None],
        silence_s: Callable[[], float],
        codecs: Sequence[VideoCodec] = DEFAULT_ORDER,
    ) -> None:
        self.counters = Counters()
        self._supervisor = supervisor
        self._history = history
        self._publish = publish
        self._silence_s = silence_s
        self._machine = Machine()
        self.model = ServedModel(supervisor, history, publish, codecs)
        self._session: Session | None = None
        self._rooms = Rooms(open_transport, publish, self)
        self._tasks = Tasks()
        self._closing = False

    async def run(self) -> None:
        """Keep the model loaded until `close`."""
        watch = self._tasks.start(self._end_what_nobody_ends(), "watch for a lost coordinator")
        try:
            await self._supervisor.run(self)
        finally:
            watch.cancel()

    async def close(self) -> None:
        """End the session, leave all rooms, end the worker; within two and a half seconds."""
        self._closing = True
        if self._session is not None:
            self.end(self._session, "shutting_down", "the runtime is shutting down")
            self._supervisor.stop_session(self._session.id, SHUTDOWN_GRACE_S, SHUTDOWN_KILL_S)
        await asyncio.gather(self._supervisor.close(), self._rooms.close(SHUTDOWN_KILL_S))
        await self._tasks.wait(CLEAN_UP_S)
        await self._tasks.close()

    # --- what the routes ask ------------------------------------------------------------------------------------

    @property
    def readiness(self) -> Readiness:
        """What the runtime is doing."""
        return self.model.readiness.model_copy(update={"state": self._machine.state})

    @property
    def is_loaded(self) -> bool:
        """A session could start now or when the current one has ended."""
        return self._machine.state not in {"loading", "failed"}

    @property
    def session(self) -> Session | None:
        """The current session, until its worker is free."""
        return self._session

    @property
    def prepared(self) -> list[str]:
        """Session ids with a room ahead of time."""
        return self._rooms.prepared

    def snapshot(self) -> Snapshot:
        """All that events change, as it is now."""
        manifest = self.model.manifest
        return Snapshot(
            readiness=self.readiness,
            session_id=self._session.id if self._session is not None and self._session.ended is None else None,
            prepared=self.prepared,
            model_name=manifest.model_name if manifest is not None else "",
            model_version=manifest.model_version if manifest is not None else "",
            video_input=manifest is not None and manifest.video_input,
            audio_input=manifest is not None and manifest.audio_input,
        )

    async def prepare(self, request: PrepareRequest) -> None:
        """Enter a room ahead of time, and publish there if asked; again for the same id: what is missing.

        For the current session that is a connection, where its media has stalled.

        Raises:
            ProblemError: too many are prepared, the id's session has ended, or the transport refused.
        """
        session = self._session
        if session is not None and session.id == request.session_id:
            if session.ended is None and session.is_stalled:
                await self._rooms.reconnect(session.room, request.transport, takes_camera=self.model.takes_camera)
            return
        self._rooms.check_new(request.session_id)
        video = self.model.video_format(request.video_codecs)
        await self._rooms.prepare(request, video, takes_camera=self.model.takes_camera)

    async def start(self, request: StartSessionRequest) -> StartSessionResponse:
        """Start a session: the model at once, the answer when its track is published.

        A model that has ended by then has had its session: the events say what became of it.

        Raises:
            ProblemError: loading, failed or busy; or something else ended the session before its track was up.
        """
        if self._closing:
            raise ProblemError(503, "FAILED", "the runtime is shutting down")
        if not self.is_loaded:
            raise self.model.refusal()
        if self._machine.state != "ready":
            raise ProblemError(409, "BUSY", "another session runs; wait for the event 'ready'")
        self._rooms.check_new(request.session_id)
        video = self.model.video_format(request.video_codecs)
        session = self._grant(request, video)
        bring_up = self._tasks.start(self._bring_up(session, request, video), f"bring up {session.id}")
        await asyncio.wait({bring_up, session.published}, return_when="FIRST_COMPLETED")
        await session.published
        video = session.room.format or video
        return StartSessionResponse(
            session_id=session.id, width=video.width, height=video.height, video_codec=video.codec
        )

    def stop(self, request: StopSessionRequest) -> StopSessionResponse:
        """End that session or release that prepared room; nothing if it has ended already.

        Raises:
            ProblemError: the id was never seen.
        """
        session_id = request.session_id
        if self._session is not None and self._session.id == session_id:
            self.end(self._session, request.reason, "the session was stopped")
            ended = self._session is None or self._session.id != session_id
            return StopSessionResponse(session_id=session_id, state="ended" if ended else "stopping")
        if self._rooms.give_up(session_id):
            return StopSessionResponse(session_id=session_id, state="released")
        if self._rooms.retired(session_id):
            return StopSessionResponse(session_id=session_id, state="ended")
        raise ProblemError(404, "NOT_FOUND", "there is and was no session with that id")

    def reload(self) -> None:
        """Load the model again.

        Raises:
            ProblemError: a session runs.
        """
        if self._machine.state in {"starting", "active", "stopping"}:
            raise ProblemError(409, "BUSY", "a session runs; stop it before the model is loaded again")
        self._machine.fire(Trigger.RELOAD)
        self.model.loading("import", None)
        self._supervisor.reload()

    # --- SupervisorListener -------------------------------------------------------------------------------------

    def loading(
        self, stage: runtime.LoadStage, progress: float | None, download: runtime.Download | None = None
    ) -> None:
        """See `SupervisorListener`."""
        if self._machine.state in {"ready", "failed"}:
            self._machine.fire(Trigger.RELOAD)
        self.model.loading(stage, progress, download)

    def loaded(self, model: LoadedModel) -> None:
        """See `SupervisorListener`."""
        self._machine.fire(Trigger.LOADED)
        self.model.loaded(model)
        self._publish(self.model.introduction)

    def load_failed(self, error: runtime.LoadError) -> None:
        """See `SupervisorListener`."""
        self._machine.fire(Trigger.LOAD_FAILED)
        self.model.failed(error)
        _log.error("the model isn't loaded; it is tried again when its folder changes", error=error.message)

    def worker_lost(self, reason: LossReason, message: str) -> None:
        """See `SupervisorListener`."""
        session = self._session
        self.counters.worker_losses += 1
        if session is not None:
            session.over = True
            self._finish(session, reason, message)
        self._session = None
        self._machine.fire(Trigger.WORKER_LOST)
        self._publish(runtime.WorkerCrashed(message=message, session_id=session.id if session is not None else None))
        self.model.loading("import", None)

    def message(self, message: FromWorker) -> None:
        """See `SupervisorListener`."""
        match message:
            case InputFrameDone(generation, slot):
                if self.model.camera is not None:
                    self.model.camera.done(generation, slot)
            case ModelMessage() if not self._is_current(message.session_id):
                self._supervisor.send(MessageDone(message.session_id, len(message.data)))
            case (
                SessionEntered()
                | SessionReturned()
                | SessionOver()
                | ModelMessage()
                | CommandFailed()
                | CallbackFailed()
            ):
                if self._session is not None and self._is_current(message.session_id):
                    self._session_message(self._session, message)

    def frame(self, frame: Frame, picture: OutputFrame) -> None:
        """See `SupervisorListener`; on the worker's thread."""
        session = self._session
        if session is None or session.id != frame.session_id:
            picture.release()
        else:
            session.play(frame, picture)

    # --- RoomOwner ----------------------------------------------------------------------------------------------

    def room_lost(self, room: Room, message: str) -> None:
        """See `RoomOwner`."""
        self._rooms.lost(room, message)

    def first_frame(self, room: Room) -> None:
        """See `RoomOwner`."""
        if self._session is not None and self._session.room is room:
            self._publish(runtime.FirstFrame(session_id=room.session_id))

    def output_failed(self, room: Room, message: str) -> None:
        """See `RoomOwner`."""
        if self._session is not None and self._session.room is room:
            self.end(self._session, "livekit_lost", message)
        else:
            self._rooms.lost(room, message)

    # --- SessionOwner -------------------------------------------------------------------------------------------

    def end(self, session: Session, reason: RuntimeEndReason, message: str) -> None:
        """End a session, for any cause but the loss of its worker; a second call does nothing."""
        if session is not self._session or session.ended is not None:
            return
        self._finish(session, reason, message)
        if session.over:
            self._free()
        elif not self._closing:
            kill_s = self._kill_grace_s(session)
            self._supervisor.stop_session(session.id, min(STOP_GRACE_S, kill_s), kill_s)

    def client_joined(self, session: Session) -> None:
        """See `SessionOwner`."""
        self._publish(runtime.ClientJoined(session_id=session.id))

    def client_lost(self, session: Session) -> None:
        """See `SessionOwner`."""
        self._publish(runtime.ClientLost(session_id=session.id))

    def media_stalled(self, session: Session) -> None:
        """See `SessionOwner`."""
        if not self._rooms.reconnecting:
            self._publish(runtime.MediaStalled(session_id=session.id))

    # --- sessions -----------------------------------------------------------------------------------------------

    def _grant(self, request: StartSessionRequest, video: VideoFormat) -> Session:
        """Make the session current and the model enter it."""
        room = self._rooms.take(request.session_id, request.transport, video, takes_camera=self.model.takes_camera)
        model = ModelSide(self._supervisor.send, self.model.capabilities, self.model.camera)
        session = self._session = Session(request, room, model, self)
        self.counters.sessions += 1
        self._machine.fire(Trigger.GRANT)
        session.begin()
        record = self._history.record
        self._supervisor.start_session(StartSession(session.id, record.width, record.height))
        return session

    async def _bring_up(self, session: Session, request: StartSessionRequest, video: VideoFormat) -> None:
        try:
            async with asyncio.timeout(PUBLISH_S):
                await session.room.connect()
                session.room.serve(request.client_identity, takes_camera=self.model.takes_camera)
                session.room.attach(session)
                await session.room.publish(video)
            if session.ended is None:
                self._machine.fire(Trigger.PUBLISHED)
                session.track_published()
        except (TransportError, RoomLostError, TimeoutError) as error:
            self.end(session, "livekit_lost", transport_problem(error).detail)
        finally:
            if not session.published.done():  # a mistake of ours: the client must not wait for ever
                self.end(session, "livekit_lost", "the room couldn't be used; the runtime's log says why")

    def _finish(self, session: Session, reason: RuntimeEndReason, message: str) -> None:
        """Everything about an end that doesn't concern the worker; nothing here waits."""
        if session.ended is not None:
            return
        session.close(reason)
        self._machine.fire(Trigger.END)
        self._publish(runtime.RuntimeSessionEnded(session_id=session.id, reason=reason, message=message))
        _log.info("the session has ended", session_id=session.id, reason=reason)
        self._rooms.retire(session.id)
        self.counters.ended(reason)
        if not session.published.done() and reason in _BY_THE_MODEL:
            session.published.set_result(None)
        elif not session.published.done():
            problem = transport_problem(message) if reason == "livekit_lost" else ended_problem(session.id, message)
            session.published.set_exception(problem)
            session.published.exception()  # nobody waits when the request was dropped
        self._tasks.start(self._clean_up(session), f"clean up {session.id}")

    async def _clean_up(self, session: Session) -> None:
        await self._rooms.release(session.room)
        await session.tasks.close()
        self.counters.add(session.room.output.stats())
        if session.size is not None:
            width, height = session.size
            await asyncio.to_thread(self._history.remember, width=width, height=height)

    def _session_message(
        self,
        session: Session,
        message: SessionEntered | SessionReturned | SessionOver | ModelMessage | CommandFailed | CallbackFailed,
    ) -> None:
        match message:
            case SessionEntered():
                self._publish(runtime.SessionStarted(session_id=session.id))
            case SessionReturned():
                # First, so that the end that may follow can only shorten it.
                self._supervisor.kill_after(self._kill_grace_s(session))
                session.model_returned(message)
            case SessionOver():
                session.model_over(message)
                if session.ended is not None and self._session is session:
                    self._free()
            case ModelMessage():
                session.model_message(message)
            case CommandFailed():
                session.command_failed(message)
            case CallbackFailed():
                _log.error("on_frame failed", session_id=session.id, error=message.message, traceback=message.traceback)

    def _kill_grace_s(self, session: Session) -> float:
        stop_timeout_s = self.model.checked_manifest().stop_timeout
        return kill_grace_s(stop_timeout_s, session.longest_gap_s, self._history.record.load_s)

    def _free(self) -> None:
        """The worker has left the session: the next one can start."""
        self._session = None
        self._machine.fire(Trigger.WORKER_FREE)
        if not self._closing:
            self._publish(self.model.introduction)

    # ------------------------------------------------------------------------------------------------------------

    async def _end_what_nobody_ends(self) -> None:
        while True:
            await coordinator_gone(lambda: self._session is not None or bool(self._rooms.prepared), self._silence_s)
            if self._session is not None:
                self.end(self._session, "coordinator_lost", f"nobody has listened to the events for {LISTENER_S:g} s")
            for session_id in self._rooms.prepared:
                self._rooms.give_up(session_id)

    def _is_current(self, session_id: str) -> bool:
        return self._session is not None and self._session.id == session_id
