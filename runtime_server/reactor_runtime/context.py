"""A session as the model sees it."""

import threading
import weakref
from typing import Any, Protocol

from reactor_runtime.errors import SessionStopped
from reactor_runtime.stopping import StopEvent, StopGate

OUTPUT_TRACK = "reactor-video"
"""The one output track of a `VideoModel`, as in the protocol."""


class FrameSink(Protocol):
    """Where frames go."""

    def emit(self, frames: object) -> None:
        """Convert and hand over; waits while the viewer is behind."""
        ...


class MessageSink(Protocol):
    """Where messages to the client go."""

    def send(self, message: object) -> None:
        """Convert and hand over; waits while too many are under way."""
        ...


class Track:
    """An output track."""

    def __init__(self, context: "SessionContext", name: str) -> None:
        self._context = context
        self.name = name

    def emit(self, frames: Any) -> None:
        """Show frames, as `SessionContext.emit_block` does."""
        self._context.emit_block(frames)


class SessionContext:
    """One session. Any thread that serves it may use it; after its end every method raises `SessionStopped`.

    Frames are RGB, shape `(H, W, 3)` or `(N, H, W, 3)`, uint8 or float (any width) in 0..1, numpy arrays or torch
    tensors on any device; None is a black frame of the current size. Sizes are padded to multiples of 4, at least 16.
    """

    def __init__(
        self,
        session_id: str,
        gate: StopGate,
        frames: FrameSink,
        messages: MessageSink,
        first_call: threading.Event,
    ) -> None:
        self._session_id = session_id
        self._gate = gate
        self._frames = frames
        self._messages = messages
        self._stop_evt = StopEvent(gate)
        self._first_call = first_call

    @property
    def session_id(self) -> str:
        """Unique for every session."""
        return self._session_id

    def emit_frame(self, frame: Any) -> None:
        """Show a frame. Waits while two are still to be shown.

        Raises:
            SessionStopped: the session is over; let it pass.
            TypeError, ValueError: it isn't a frame; the text names shape and dtype found and what is accepted.
        """
        self._touch()
        self._frames.emit(frame)

    def emit_block(self, frames: Any) -> None:
        """Show frames that were made together, evenly over the time that the next block is expected to take.

        Waits while one block plays and another is ready. Raises what `emit_frame` raises.
        """
        self._touch()
        self._frames.emit(frames)

    def get_track(self, name: str = OUTPUT_TRACK) -> Track:
        """The output track called `name`; there is one.

        Raises:
            ValueError: there is no such track.
        """
        if name != OUTPUT_TRACK:
            raise ValueError(f"there is no track {name!r}; a VideoModel has one, {OUTPUT_TRACK!r}")
        return Track(self, name)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the front end. Waits while too many are under way.

        Numpy scalars and small arrays are converted.

        Raises:
            SessionStopped: the session is over; let it pass.
            TypeError: something in it isn't JSON; the text names its path.
            ValueError: it is larger than 16 MiB.
        """
        self._touch()
        self._messages.send(message)

    def should_stop(self) -> bool:
        """Whether to end. A model that asks gets time to do so: for 2 s it isn't interrupted."""
        self._touch()
        return self._gate.poll()

    def wait(self, seconds: float) -> bool:
        """Sleep; True as soon as the session is to end.

        Raises:
            SessionStopped: the session is over, and the model never asked `should_stop()` or its time is up.
        """
        self._touch()
        return self._gate.wait(seconds)

    def enable_monitoring(self, *args: Any, **kwargs: Any) -> None:
        """Accepted for older models; the runtime always measures."""

    def disable_monitoring(self, *args: Any, **kwargs: Any) -> None:
        """Accepted for older models; the runtime always measures."""

    def _touch(self) -> None:
        if not self._first_call.is_set():
            self._first_call.set()


class _Serving:
    """Which session this process serves, and which threads are left over from earlier ones."""

    def __init__(self) -> None:
        self.context: SessionContext | None = None
        self.lasting: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self.left_over: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


_serving = _Serving()


def get_ctx() -> SessionContext:
    """The session that is running.

    Raises:
        RuntimeError: none is, or this is a process that the model forked.
        SessionStopped: this thread was started in an earlier session.
    """
    context = _serving.context
    if context is None:
        raise RuntimeError("get_ctx() works while a session runs: in start_session, commands, on_frame, their threads")
    if _serving.left_over and threading.current_thread() in _serving.left_over:
        raise SessionStopped("this thread was started in an earlier session; start it in __init__ or in each session")
    return context


def keep_threads() -> None:
    """The threads alive now belong to the model, not to a session."""
    _serving.lasting.update(threading.enumerate())


def enter(context: SessionContext) -> None:
    """Let `get_ctx` answer `context`; threads that an earlier session started are cut off.

    Otherwise a thread that one user's session forgot would show its pictures to the next user. Threads of an
    executor serve whoever submits work, and foreign threads (of C libraries) can't be told apart: they stay.
    """
    for thread in threading.enumerate():
        if thread not in _serving.lasting and not _serves_all(thread):
            _serving.left_over.add(thread)
    _serving.context = context


def leave() -> None:
    """No session runs any more."""
    _serving.context = None


def _serves_all(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    pooled = getattr(target, "__module__", "") == "concurrent.futures.thread"
    return pooled or isinstance(thread, threading._DummyThread)  # noqa: SLF001 - the only mark of a foreign thread
