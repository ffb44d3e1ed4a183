"""The limits the broker applies: settings that decisions depend on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds unless named otherwise; None: no limit."""

    max_queue: int = 100
    orphan_timeout_s: float | None = 30.0
    orphan_timeout_queued_s: float | None = 3.0
    max_session_s: float | None = None
    standby_keep_s: float = 60.0
    strict_model_name: bool = False
    video_codec: str | None = None
    """Wanted for every client that can decode it."""

    def orphan_grace_s(self, *, someone_waits: bool) -> float | None:
        """How long a client whose connection broke may stay away."""
        return self.orphan_timeout_queued_s if someone_waits else self.orphan_timeout_s
