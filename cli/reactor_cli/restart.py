"""When a process that ended by itself is started again, and when that is hopeless: decisions without clocks."""

from dataclasses import dataclass

STABLE_S = 30.0
"""A process that ran this long is healthy: its earlier failures are forgotten."""
DELAYS_S = (0.0, 0.3, 1.0, 2.0)
"""Before the first, second, … restart in a row: at once, because a lone crash should cost its users least."""
EXIT_USAGE = 2
"""By convention: called wrongly. The same call again can't do better."""


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How often in a row a process has ended quickly, and how often without ever having come up.

    Only the latter is hopeless: one that came up served somebody, and will again. What ended it (a user's kill, the
    system's lack of memory) may go on for a while, so its restarts wait longer, but they don't end.
    """

    quick_failures: int = 0
    failed_starts: int = 0

    def after_exit(
        self, ran_s: float, exit_code: int, *, came_up: bool = False
    ) -> tuple["RestartPolicy", float | None]:
        """Return the state to go on with and the seconds to wait before the restart; None: give up.

        Args:
            ran_s: From start to exit.
            exit_code: Negative: the signal that ended it.
            came_up: It was able to do its work.
        """
        if ran_s >= STABLE_S:
            return RestartPolicy(1), DELAYS_S[0]
        hopeless = exit_code == EXIT_USAGE or self.failed_starts >= len(DELAYS_S)
        if hopeless and not came_up:
            return self, None
        delay_s = DELAYS_S[min(self.quick_failures, len(DELAYS_S) - 1)]
        return RestartPolicy(self.quick_failures + 1, 0 if came_up else self.failed_starts + 1), delay_s
