"""How fast a model makes frames, and how evenly: measured from its own working time, never from its waiting."""

import math

from reactor_runtime.media.frame import USUAL_AHEAD

_SMOOTHING = 1 / 24  # half of a small change is followed in 16 emits; smooth enough for an uneven model's mean
_BLOCK_SMOOTHING = 1 / 8  # blocks are rarer, and each is a mean already
_CHANGE_LOW, _CHANGE_HIGH = 0.55, 1.8  # beyond it an emit may be the first at a new rate
_CHANGE_EMITS = 3  # so many in a row, alike, are a new rate
_ALIKE = 1.5  # largest to smallest of those
_PAUSE = 4.0  # periods: nobody works that unevenly
_EVEN = 0.06  # periods a self-paced model deviates in the mean (how well `sleep` keeps time): no buffering
_BUFFER_PER_DEVIATION = 7.0  # intervals of 50 to 150 % deviate by 0.25 periods in the mean: 1.3 periods of buffer
_MAX_BUFFER = 1.5  # periods: more delay than evenness is worth
_LONGEST_PERIOD_S = 1.0
_TOO_FAST = 0.95  # of the shortest period: clearly, since a model with a clock of its own may well be at it
_FORGETTING = 0.99  # an emit: how long the slowest one counts; half of it after two seconds at 30 frames a second
_MARGIN = 0.5  # periods that a frame of the slowest kind is to be ready before its time
_SPARE = 0.1  # periods that a frame of a model faster than allowed is ready before its time, where it begins late
_SETTLED_EMITS = 10
_MOST_AHEAD = 4  # as many as the buffer can be delayed by: more frames aren't on their way
_FIRST_BLOCK_PERIOD_S = 1 / 15  # most of a first block's time is warm-up; too slow is mended by the second block


class Rate:
    """A running estimate, fed once per emit."""

    def __init__(self, max_fps: float) -> None:
        self._shortest_s = 1 / max_fps
        self._usual_s: float | None = None
        self._deviation_s = 0.0
        self._slowest_s = 0.0
        self._emits = 0
        self._unusual: list[float] = []

    def add(self, work_s: float, frames: int) -> None:
        """An emit of `frames` took the model `work_s` of its own time."""
        sample_s = work_s / frames
        self._emits += 1
        self._slowest_s *= _FORGETTING
        if sample_s < _PAUSE * self.period_s:
            self._slowest_s = max(self._slowest_s, sample_s)
        if self._usual_s is None:
            self._usual_s = min(sample_s, _FIRST_BLOCK_PERIOD_S) if frames > 1 else sample_s
        elif self._emits == 2:
            self._usual_s = sample_s  # the first one includes warm-up
        elif self._is_new_rate(sample_s, self._usual_s):
            self._usual_s = sum(self._unusual) / _CHANGE_EMITS
            self._deviation_s = 0.0
            self._emits = _CHANGE_EMITS
            self._unusual.clear()
        elif sample_s < _PAUSE * self.period_s:
            self._follow(sample_s, frames)

    @property
    def period_s(self) -> float:
        """The time between frames, within what is allowed; the shortest while nothing is known."""
        return min(max(self._usual_s or 0.0, self._shortest_s), _LONGEST_PERIOD_S)

    @property
    def too_fast(self) -> bool:
        """The model makes clearly more frames than may be shown."""
        return self._usual_s is not None and self._is_too_fast(self._usual_s)

    @property
    def settled(self) -> bool:
        """The rate has held for a while."""
        return self._emits >= _SETTLED_EMITS

    @property
    def buffer_s(self) -> float:
        """How long a frame should wait so that the next one isn't late: 0 for an even model."""
        uneven_s = self._deviation_s - _EVEN * self.period_s
        return min(max(_BUFFER_PER_DEVIATION * uneven_s, 0.0), _MAX_BUFFER * self.period_s)

    @property
    def ahead(self) -> int:
        """Single frames that the model should be ahead of what is shown.

        What a model faster than allowed has made too early only answers late: it begins a frame when even its slowest
        one would be ready in time. An uneven model has as many under way as its buffer delays.
        """
        if self.too_fast:
            return min(max(math.ceil(self._slowest_s / self.period_s - 1 + _MARGIN), 0), USUAL_AHEAD)
        return _MOST_AHEAD if self.buffer_s > 0 else USUAL_AHEAD

    @property
    def lead_s(self) -> float:
        """How long before its time a model faster than allowed should begin a frame."""
        return self._slowest_s + _SPARE * self.period_s

    def _is_too_fast(self, period_s: float) -> bool:
        return period_s < _TOO_FAST * self._shortest_s

    def _is_new_rate(self, sample_s: float, usual_s: float) -> bool:
        if self._is_too_fast(max(sample_s, usual_s)) or _CHANGE_LOW * usual_s <= sample_s <= _CHANGE_HIGH * usual_s:
            self._unusual.clear()
            return False
        self._unusual = [*self._unusual, sample_s][-_CHANGE_EMITS:]
        alike = max(self._unusual) <= _ALIKE * max(min(self._unusual), self._shortest_s)
        return alike and len(self._unusual) == _CHANGE_EMITS

    def _follow(self, sample_s: float, frames: int) -> None:
        usual_s = self._usual_s or 0.0
        share = max(_SMOOTHING if frames == 1 else _BLOCK_SMOOTHING, 1 / self._emits)
        self._usual_s = usual_s + share * (sample_s - usual_s)
        # What is too fast needs no buffer, and one with a clock of its own, making up for a hold, none afterwards.
        deviation_s = 0.0 if self._is_too_fast(usual_s) else abs(sample_s - usual_s) * frames
        self._deviation_s += share * (deviation_s - self._deviation_s)
