"""A token bucket: so many at once, so many a second in the long run."""


class TokenBucket:
    """`take(now)` is True while the rate is kept. Time is the caller's."""

    def __init__(self, *, burst: int, per_s: float, now: float) -> None:
        self._burst = float(burst)
        self._per_s = per_s
        self._level = float(burst)
        self._last_s = now

    def take(self, now: float) -> bool:
        """Use one up, if there is one."""
        self._level = min(self._burst, self._level + (now - self._last_s) * self._per_s)
        self._last_s = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True
