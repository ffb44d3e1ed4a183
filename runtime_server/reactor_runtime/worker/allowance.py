"""How much of what a model says is logged: a burst, then a steady trickle."""

import time
from collections.abc import Callable

BURST = 512 * 1024  # some 2,500 short lines: a verbose start is logged whole
PER_S = 32 * 1024.0  # some 150 short lines a second: what a person can still skim; 7 us of ours each
LINE = 128  # what a line costs beside its length: time stamp, session, the logger's work
RECOVERED = PER_S / 2  # once shut it stays shut for a while: one word on what was left out stands for many lines


class Allowance:
    """A budget in bytes, refilled with time.

    Parameters:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._at_s = clock()
        self._shut = False

    def charge(self, size_bytes: int) -> None:
        """Pay for a line that is logged."""
        self._left -= LINE + size_bytes
        self._shut = self._shut or self._left <= 0

    def is_open(self) -> bool:
        """Whether anything may be logged now."""
        now_s = self._clock()
        self._left = min(float(BURST), self._left + (now_s - self._at_s) * PER_S)
        self._at_s = now_s
        if self._shut and self._left >= RECOVERED:
            self._shut = False
        return not self._shut
