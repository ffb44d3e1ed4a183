"""When to try again, and when to give up."""

import random
import threading
import time

from reactor_runtime.weights.errors import RegistryUnreachableError

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Patience:
    """Shared by all connections of a download: as long as one of them gets something, none gives up.

    Parameters:
        limit_s: how long nothing at all may come.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._heard_at_s = time.monotonic()

    def heard(self) -> None:
        """Something came."""
        self._heard_at_s = time.monotonic()

    def pause(self, error: RegistryUnreachableError, attempt: int, halt: threading.Event) -> None:
        """Wait before another try; longer after each `attempt` (from 0) in a row. Returns at once when `halt` is set.

        Raises:
            RegistryUnreachableError: it has taken too long.
        """
        silent_s = time.monotonic() - self._heard_at_s
        if silent_s > self._limit_s:
            raise RegistryUnreachableError(f"{error} What has arrived is kept.") from error
        longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt, 10))
        halt.wait(longest_s * random.uniform(0.5, 1.0))  # noqa: S311 - so that connections don't come all at once
