"""One session in the worker: `start_session` on the main thread, callbacks beside it."""

import inspect
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from reactor_runtime import context
from reactor_runtime.arguments import Commands
from reactor_runtime.context import SessionContext
from reactor_runtime.errors import SessionStopped
from reactor_runtime.frames import Size, padded
from reactor_runtime.model import VideoModel
from reactor_runtime.stopping import StopGate
from reactor_runtime.worker.callbacks import CallbackHost, CameraThread, CommandThread, describe_error
from reactor_runtime.worker.channel import Channel
from reactor_runtime.worker.coroutines import SessionLoop
from reactor_runtime.worker.messages import (
    FrameDone,
    MessageDone,
    Outcome,
    SessionEntered,
    SessionOver,
    SessionReturned,
    StartSession,
    ToWorker,
)
from reactor_runtime.worker.output import FrameOutput, MessageOutput, Ring, send_quietly
from reactor_runtime.worker.traces import traceback_text

_OWN_GRACE_S = 2.0  # for callbacks that still run when the model ends by itself; as long as `stop_grace`
_AT_ONCE_S = 0.05  # an idle callback thread ends within it


@dataclass(frozen=True, slots=True, eq=False)
class ModelHost:
    """A loaded model and what its sessions share."""

    model: VideoModel
    commands: Commands
    channel: Channel[ToWorker]
    ring: Ring
    changed: threading.Condition
    """Notified by whatever a waiting call to the context must look at."""


class Session:
    """Everything of one session; `run` on the main thread, all else on the channel's reader thread."""

    def __init__(self, start: StartSession, host: ModelHost) -> None:
        self.id = start.session_id
        self.ended = threading.Event()
        self._model = host.model
        self._channel = host.channel
        self._changed = host.changed
        self._gate = StopGate(host.changed)
        size = Size(padded(start.width), padded(start.height))
        self._frames = FrameOutput(self.id, host.channel, host.ring, self._gate, size)
        self._messages = MessageOutput(self.id, host.channel, self._gate)
        first_call = threading.Event()
        self._context = SessionContext(self.id, self._gate, self._frames, self._messages, first_call)
        self._loop = SessionLoop(self._gate)
        callbacks = CallbackHost(self.id, host.channel, first_call, self._loop)
        self.commands = CommandThread(callbacks, host.model, host.commands)
        self.camera = CameraThread(callbacks, host.model.on_frame)
        self._callbacks = (self.commands, self.camera)

    def run(self) -> SessionOver:
        """Enter the model's `start_session`; returns when it and all callbacks have ended."""
        context.enter(self._context)
        send_quietly(self._channel, SessionEntered(self.id))
        for thread in self._callbacks:
            thread.start()
        self._frames.entered()
        over = self._outcome(self._call())
        self._gate.close()
        self._end_callbacks(over)
        context.leave()
        self.ended.set()
        return over

    def stop(self, grace_s: float) -> None:
        """The session is to end: nothing more is delivered, the model is interrupted."""
        for thread in self._callbacks:
            thread.close()
        self._gate.request(grace_s)

    def frame_done(self, message: FrameDone) -> None:
        """A frame was played or dropped."""
        with self._changed:
            self._frames.done(message)
            self._changed.notify_all()

    def message_done(self, message: MessageDone) -> None:
        """A message was sent or dropped."""
        with self._changed:
            self._messages.done(message.size_bytes)
            self._changed.notify_all()

    def _call(self) -> BaseException | None:
        """What `start_session` raised."""
        try:
            result = self._model.start_session()
            if inspect.iscoroutine(result):
                self._loop.run(result, self._finish_on_loop())
            elif inspect.isgenerator(result) or inspect.isasyncgen(result):
                raise TypeError("start_session has a `yield`; emit frames with get_ctx().emit_frame instead")  # noqa: TRY301
        except BaseException as error:  # noqa: BLE001 - sys.exit in a model ends its session, not the process
            return error
        return None

    def _outcome(self, raised: BaseException | None) -> SessionOver:
        outcome: Outcome = "stopped" if self._gate.requested.is_set() else "finished"
        if raised is None or isinstance(raised, SessionStopped):
            return SessionOver(self.id, outcome)
        trace = traceback_text(raised)
        if outcome == "stopped":
            # A cancelled coroutine is what was asked for; anything else belongs into the log.
            cancelled = type(raised).__name__ == "CancelledError"
            return SessionOver(self.id, outcome) if cancelled else SessionOver(self.id, outcome, traceback=trace)
        return SessionOver(self.id, "error", describe_error(raised), trace)

    def _grace_left_s(self) -> float:
        return self._gate.grace_left_s() if self._gate.requested.is_set() else _OWN_GRACE_S

    def _finish_on_loop(self) -> Callable[[], bool]:
        """For an async model: may its loop end? Callbacks that still run on it are cancelled after the grace."""
        deadline_s: float | None = None

        def finish() -> bool:
            nonlocal deadline_s
            if deadline_s is None:
                self._gate.close()
                deadline_s = time.monotonic() + self._grace_left_s()
                for thread in self._callbacks:
                    thread.close()
            if all(thread.ended() for thread in self._callbacks):
                return True
            if time.monotonic() < deadline_s:
                return False
            for thread in self._callbacks:
                thread.cancel()
            return True

        return finish

    def _end_callbacks(self, over: SessionOver) -> None:
        for thread in self._callbacks:
            thread.close()
        if all(thread.ended(_AT_ONCE_S) for thread in self._callbacks):
            return
        send_quietly(self._channel, SessionReturned(self.id, over.outcome, over.message, over.traceback))
        for thread in self._callbacks:
            if not thread.ended(self._grace_left_s()):
                thread.cancel()
        for thread in self._callbacks:
            thread.ended(None)
