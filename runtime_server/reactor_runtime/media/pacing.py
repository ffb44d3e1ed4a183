"""What to send when: the schedule of one output, a function of its state and the time given to it.

A frame of an even model goes out the moment it comes. An uneven one's are delayed by a little, so that they can go
out evenly: the delay is steered (`_STEERING`) to what the measured unevenness asks for. A block's frames are spread
over the time the next block will take. Whatever waits longer than it should is played a little faster, at most 1.25
times, until it doesn't. Between frames the last picture is repeated, because an encoder that is fed slowly answers
the next real frames with seconds of latency.
"""

from collections import deque
from dataclasses import dataclass

from reactor_runtime.media.frame import OutputFrame
from reactor_runtime.media.rate import Rate

FEED_FPS = 30.0
"""The rate at which a picture is repeated, or a little less; a faster model's own rate for that model."""

_STEERING = 0.06  # share of the delay's error corrected per frame: an uneven model's deviation becomes 0.28 of it
_FASTEST = 0.8  # of a period: the drain of a standing queue, 1.25 times
_SLOWEST = 1.25
_ON_TIME = 0.25  # of the shortest period: a wake-up that late counts as on time, so that lateness doesn't add up
_STRAIGHT = 0.1  # periods of wanted delay below which a frame goes straight through
_CATCH_UP_S = 1.0  # longer slips than that are pauses
_GRACE = 1.5  # periods without a new frame before the last is repeated


@dataclass(frozen=True, slots=True)
class Send:
    """Show this frame now; the caller releases it."""

    frame: OutputFrame


@dataclass(frozen=True, slots=True)
class Repeat:
    """Show the last picture again; before the first one a flat picture."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until_s`, unless something changes."""

    until_s: float


Step = Send | Repeat | Wait


@dataclass(frozen=True, slots=True)
class _Queued:
    frame: OutputFrame
    at_s: float
    block_at_s: float
    """When the first frame of its block came; a single's own arrival."""


@dataclass(frozen=True, slots=True)
class _Shown:
    at_s: float
    """When it was to be shown."""
    delay_s: float
    """How much later than it could have been."""


class Pacing:
    """The schedule of one output. All times are `time.monotonic()` or any other clock that only moves on."""

    def __init__(self, max_fps: float, now_s: float) -> None:
        self._max_fps = max_fps
        self._queue: deque[_Queued] = deque()  # as long as the model's ring, which bounds it
        self._feed_at_s = now_s
        self._held = True
        self._last: _Shown | None = None
        self._begin()

    def begin(self) -> list[OutputFrame]:
        """A session starts: nothing is known of its model, frames are held. Returns those to release."""
        left = self.drop()
        self._begin()
        return left

    def release_hold(self, now_s: float) -> None:
        """Show what is held from now on."""
        if self._held and self._queue:
            # It goes out in the place of the next flat picture. Sent at once, the client's first key frame more often
            # overtakes the client's own connection and is lost; the next one is 0.4 s away then.
            self._open_at_s = self._feed_at_s
            self._owed_s = now_s - self._queue[0].at_s + len(self._queue) * self._rate.period_s
        self._held = False

    def put_back(self, frame: OutputFrame, now_s: float) -> None:
        """The frame just sent couldn't be shown yet: it comes first again, and is held with those behind it."""
        self._queue.appendleft(_Queued(frame, now_s, now_s))
        self._last = None
        self._held = True

    def feed_now(self, now_s: float) -> None:
        """Something new is to be fed: don't wait for the next repeat."""
        self._feed_at_s = min(self._feed_at_s, now_s)

    def drop(self) -> list[OutputFrame]:
        """Forget every frame that waits and return them, to be released."""
        left = [queued.frame for queued in self._queue]
        self._queue.clear()
        return left

    def add(self, frame: OutputFrame, now_s: float) -> None:
        """A frame has come from the model."""
        if frame.block_index == 0:
            self._rate.add(frame.work_s, frame.block_size)
            self._block_at_s = now_s
        self._queue.append(_Queued(frame, now_s, self._block_at_s))

    def step(self, now_s: float) -> Step:
        """What to do now. The caller does it and asks again."""
        due_s = None if self._held or not self._queue else self._due_s(self._queue[0])
        if due_s is not None and due_s <= now_s:
            return Send(self._show(due_s, now_s))
        if due_s is not None and due_s - self._feed_at_s < 0.5 * self._feed_period_s:
            return Wait(due_s)  # a repeat this close before a new frame would only be in its way
        if self._feed_at_s <= now_s:
            on_time = now_s - self._feed_at_s < self._feed_period_s
            self._feed_at_s = (self._feed_at_s if on_time else now_s) + self._feed_period_s
            return Repeat()
        return Wait(self._feed_at_s if due_s is None else min(due_s, self._feed_at_s))

    @property
    def waiting(self) -> int:
        """Frames that came and weren't shown yet."""
        return len(self._queue)

    @property
    def target_fps(self) -> float:
        """The rate frames are shown at when there are enough."""
        return 1 / self._rate.period_s

    @property
    def ahead(self) -> int:
        """See `Rate.ahead`."""
        return self._rate.ahead

    @property
    def begin_at_s(self) -> float:
        """When a model that is faster than allowed should begin its next frame: what is made early answers late."""
        last = self._last
        if last is None or not self._rate.too_fast or self._rate.ahead:
            return 0.0
        return last.at_s + self._too_fast_spacing_s - self._rate.lead_s

    def _begin(self) -> None:
        self._rate = Rate(self._max_fps)
        self._held = True
        self._owed_s = 0.0  # of delay that a model too fast to be followed may still make up for
        self._open_at_s = 0.0
        self._last = None
        self._block_at_s = 0.0
        self._feed_period_s = 1 / min(self._max_fps, FEED_FPS)

    def _due_s(self, queued: _Queued) -> float:
        if self._last is None:
            return max(queued.at_s, self._open_at_s)
        return max(queued.at_s, self._last.at_s + self._spacing_s(queued.frame, self._last))

    def _spacing_s(self, frame: OutputFrame, last: _Shown) -> float:
        period_s, wanted_s = self._rate.period_s, self._rate.buffer_s
        if self._rate.too_fast:
            return self._too_fast_spacing_s
        if frame.block_size == 1 and wanted_s < _STRAIGHT * period_s:
            # Its own work counts too: the first frame at a higher rate is as welcome as those after it.
            return _FASTEST * max(min(period_s, frame.work_s), 1 / self._max_fps)
        steered_s = period_s - _STEERING * (last.delay_s - wanted_s)
        return min(max(steered_s, _FASTEST * period_s), _SLOWEST * period_s)

    @property
    def _too_fast_spacing_s(self) -> float:
        return (_FASTEST if self._owed_s > 0 else 1.0) * self._rate.period_s

    def _show(self, due_s: float, now_s: float) -> OutputFrame:
        queued = self._queue.popleft()
        period_s = self._rate.period_s
        on_time = self._last is not None and now_s - due_s < _ON_TIME / self._max_fps
        at_s = due_s if on_time else now_s
        ideal_s = queued.block_at_s + queued.frame.block_index * period_s
        self._last = _Shown(at_s, max(at_s - ideal_s, 0.0))
        self._owe(period_s)
        # A slow model's period is filled with repeats, so that the encoder always sees nearly the same rate.
        self._feed_period_s = period_s / max(int(period_s * min(FEED_FPS, self._max_fps) + 0.01), 1)
        self._feed_at_s = now_s + _GRACE * self._feed_period_s
        return queued.frame

    def _owe(self, period_s: float) -> None:
        """A model with a clock of its own makes up for a hold or a slip as fast as it may.

        One that is always too fast looks the same then. So only what one was held for is played faster, and of one
        that has kept its pace before up to a second.
        """
        if self._rate.too_fast:
            self._owed_s = max(self._owed_s - (1 - _FASTEST) * period_s, 0.0)
        elif self._rate.settled and not self._queue:
            self._owed_s = _CATCH_UP_S
