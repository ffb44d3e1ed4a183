"""How a session ends: whether a call of the model goes through, is dropped, or interrupts it."""

import threading
import time
from collections.abc import Callable
from enum import Enum, auto

from reactor_runtime.errors import SessionStopped


class Verdict(Enum):
    """What becomes of a call to the context."""

    GO = auto()
    DROP = auto()
    """The session is ending and the model, which has asked, ends in its own time."""
    INTERRUPT = auto()


class StopGate:
    """The end of one session, as its model notices it.

    A model that never polled is interrupted by its next call. One that has polled gets `grace_s` during which its
    calls have no effect, then is interrupted likewise.

    Parameters:
        changed: notified whenever something happens that a waiting call must look at.
        clock: seconds, monotonic.
    """

    def __init__(self, changed: threading.Condition, clock: Callable[[], float] = time.monotonic) -> None:
        self.changed = changed
        self.polled = False
        self.requested = threading.Event()
        self._clock = clock
        self._deadline_s = 0.0
        self._closed = False
        self._listeners: list[Callable[[], None]] = []

    def request(self, grace_s: float) -> None:
        """Begin the end. Once; later calls can only shorten the grace."""
        with self.changed:
            deadline_s = self._clock() + grace_s
            self._deadline_s = min(self._deadline_s, deadline_s) if self.requested.is_set() else deadline_s
            self.requested.set()
            self.changed.notify_all()
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def close(self) -> None:
        """The model has returned: whoever still calls is interrupted."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` at each request, from its thread; at once if there was one."""
        with self.changed:
            self._listeners.append(listener)
            requested = self.requested.is_set()
        if requested:
            listener()

    def poll(self) -> bool:
        """Whether the end was requested; the model has asked."""
        self.polled = True
        return self._closed or self.requested.is_set()

    def left_s(self) -> float:
        """Seconds until the model may be interrupted; 0 when it may be now."""
        if self._closed:
            return 0.0
        return max(0.0, self._deadline_s - self._clock()) if self.polled else 0.0

    def grace_left_s(self) -> float:
        """Seconds left of the grace that was granted."""
        return max(0.0, self._deadline_s - self._clock())

    def verdict(self) -> Verdict:
        """What becomes of a call made now."""
        if self._closed:
            return Verdict.INTERRUPT
        if not self.requested.is_set():
            return Verdict.GO
        return Verdict.DROP if self.left_s() > 0 else Verdict.INTERRUPT

    def admit(self) -> bool:
        """True: go on. False: do nothing.

        Raises:
            SessionStopped: the session is over.
        """
        verdict = self.verdict()
        if verdict is Verdict.INTERRUPT:
            raise SessionStopped("the session is over")
        return verdict is Verdict.GO

    def wait(self, seconds: float) -> bool:
        """Sleep until the end is requested; True if it is.

        Raises:
            SessionStopped: the session is over.
        """
        if self.verdict() is Verdict.GO:
            with self.changed:
                self.changed.wait_for(lambda: self.verdict() is not Verdict.GO, max(0.0, seconds))
        return not self.admit()

    def wait_until(self, ready: Callable[[], bool]) -> bool:
        """With `changed` held, wait until `ready()`; False when the call is to be dropped instead.

        Raises:
            SessionStopped: the session is over.
        """
        self.wait_or_end(ready)
        return self.admit()

    def wait_or_end(self, ready: Callable[[], bool]) -> None:
        """With `changed` held, wait until `ready()` or the end is requested; for a call that has had its effect."""
        if not ready():
            self.changed.wait_for(lambda: ready() or self.verdict() is not Verdict.GO)

    def wait_or_end_at(self, moment_s: float) -> None:
        """Wait until that moment of the clock or until the end is requested; for a call that has had its effect."""
        with self.changed:
            left_s = moment_s - self._clock()
            if left_s > 0:
                self.changed.wait_for(lambda: self.verdict() is not Verdict.GO, left_s)


class StopEvent(threading.Event):
    """The event that older models poll as `get_ctx()._stop_evt`; looking at it counts as having asked."""

    def __init__(self, gate: StopGate) -> None:
        super().__init__()
        self._gate = gate

    def is_set(self) -> bool:
        """Whether the session is to end."""
        return self._gate.poll()

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until the session is to end; True if it is."""
        return self._gate.poll() or self._gate.requested.wait(timeout) or self._gate.poll()
