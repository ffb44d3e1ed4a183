"""How fast it goes."""

from collections import deque

_WINDOW_S = 5.0


class Meter:
    """Bytes a second over the last seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def speed_bytes_s(self, now_s: float, done_bytes: int) -> float:
        """Take note of how much there is at `now_s` and say how fast it came; 0 while nothing can be said."""
        self._samples.append((now_s, done_bytes))
        while len(self._samples) > 2 and now_s - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()
        first_s, first_bytes = self._samples[0]
        return max(0.0, (done_bytes - first_bytes) / (now_s - first_s)) if now_s > first_s else 0.0
