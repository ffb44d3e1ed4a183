"""What the runtime has counted since it started, for `/metrics`."""

from collections import Counter
from dataclasses import dataclass, field

from reactor_protocol.runtime import RuntimeEndReason
from reactor_runtime.media.output import OutputStats


@dataclass(slots=True)
class Counters:
    """Sums that only grow."""

    sessions: int = 0
    worker_losses: int = 0
    """Processes of the model that crashed or were killed."""
    frames: int = 0
    """Model frames of ended sessions."""
    dropped: int = 0
    ends: Counter[RuntimeEndReason] = field(default_factory=Counter)

    def ended(self, reason: RuntimeEndReason) -> None:
        """A session has ended."""
        self.ends[reason] += 1

    def add(self, stats: OutputStats) -> None:
        """Count an ended session's frames."""
        self.frames += stats.frames
        self.dropped += stats.dropped
