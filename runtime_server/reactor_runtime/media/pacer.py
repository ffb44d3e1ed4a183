"""The thread that does what the pacing says, when it says so."""

import threading
import time
from collections.abc import Callable, Iterable

import structlog

from reactor_runtime.media.frame import OutputFrame
from reactor_runtime.media.pacing import Pacing, Repeat, Send, Wait

_JOIN_S = 10.0  # a capture takes milliseconds; longer is a hanging media library
_LONGEST_WAIT_S = 1.0

log = structlog.get_logger(__name__)


class Pacer:
    """Sleeps until the next absolute moment, woken at once by a new frame. Every frame is released exactly once.

    `show` sends a frame and answers whether it did; one that it couldn't show yet comes again after a hold. `repeat`
    sends the last picture. Both are called on the pacer's thread, without its lock.
    """

    def __init__(self, max_fps: float, *, show: Callable[[OutputFrame], bool], repeat: Callable[[], None]) -> None:
        self._show = show
        self._repeat = repeat
        self._changed = threading.Condition()
        self._pacing = Pacing(max_fps, time.monotonic())
        self._stopped = False
        self._showing = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)

    def start(self) -> None:
        """Begin to feed."""
        self._thread.start()

    def begin(self) -> None:
        """A session starts: forget the last one, hold what comes."""
        with self._changed:
            left = self._pacing.begin()
            self._changed.notify_all()
        self._drop(left)

    def add(self, frame: OutputFrame) -> None:
        """Show this frame when its time has come. Any thread; never blocks for long."""
        with self._changed:
            if not self._stopped:
                self._pacing.add(frame, time.monotonic())
                self._changed.notify_all()
                return
        self._drop([frame])

    def release_hold(self) -> None:
        """Show what is held from now on."""
        with self._changed:
            self._pacing.release_hold(time.monotonic())
            self._changed.notify_all()

    def feed_now(self) -> None:
        """Call `repeat` at once."""
        with self._changed:
            self._pacing.feed_now(time.monotonic())
            self._changed.notify_all()

    def drop(self) -> None:
        """Release every frame that waits."""
        with self._changed:
            left = self._pacing.drop()
            self._changed.notify_all()
        self._drop(left)

    def stop(self) -> None:
        """End the thread and release what is left. Blocks until a picture that is being sent is sent."""
        with self._changed:
            self._stopped = True
            left = self._pacing.drop()
            self._changed.notify_all()
        self._drop(left)
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    def wait_empty(self, timeout_s: float) -> bool:
        """Block until every frame was shown; False if that took longer than `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopped or not self._waiting, timeout_s)

    @property
    def dropped(self) -> int:
        """Frames released without having been shown."""
        return self._dropped

    @property
    def target_fps(self) -> float:
        """The rate frames are shown at when there are enough."""
        with self._changed:
            return self._pacing.target_fps

    def _run(self) -> None:
        while (step := self._next()) is not None:
            if isinstance(step, Send):
                self._send(step.frame)
            else:
                self._guard(self._repeat)

    @property
    def _waiting(self) -> int:
        return self._pacing.waiting + self._showing

    def _next(self) -> Send | Repeat | None:
        with self._changed:
            if self._showing:
                self._showing = False
                self._changed.notify_all()
            while not self._stopped:
                now_s = time.monotonic()
                step = self._pacing.step(now_s)
                if not isinstance(step, Wait):
                    self._showing = isinstance(step, Send)
                    return step
                self._changed.wait(min(max(step.until_s - now_s, 0.0), _LONGEST_WAIT_S))
        return None

    def _send(self, frame: OutputFrame) -> None:
        if self._guard(lambda: self._show(frame)) is False:
            with self._changed:
                if not self._stopped:
                    self._pacing.put_back(frame, time.monotonic())
                    return
            self._drop([frame])
        else:
            with self._changed:
                ahead, begin_at_s = self._pacing.ahead, self._pacing.begin_at_s
            self._guard(lambda: frame.release(ahead, begin_at_s))

    def _drop(self, frames: Iterable[OutputFrame]) -> None:
        for frame in frames:
            self._dropped += 1
            self._guard(frame.release)

    def _guard(self, call: Callable[[], bool | None]) -> bool | None:
        """One bad picture must not end the track."""
        try:
            return call()
        except Exception:
            log.exception("pacer_call_failed")
            return None
