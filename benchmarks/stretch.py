"""A stretch of video as a viewer saw it, and what can be told from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.barcode import Reading


@dataclass(frozen=True, slots=True)
class Seen:
    """A decoded picture."""

    reading: Reading | None
    """None: a flat picture, before the first real one."""
    seen_at_s: float


@dataclass(frozen=True, slots=True)
class Counts:
    """The decoder's statistics, since the track was subscribed."""

    decoded: int
    dropped: int
    packets_lost: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was seen between two moments."""

    pictures: Sequence[Seen]
    before: Counts
    after: Counts

    @property
    def fresh(self) -> list[tuple[Reading, float]]:
        """Each number once, as it was seen first, with when."""
        found = {
            each.reading.number: (each.reading, each.seen_at_s) for each in reversed(self.pictures) if each.reading
        }
        return [found[number] for number in sorted(found)]

    @property
    def latencies_ms(self) -> list[float]:
        """From drawing to decoding."""
        return [(seen_at_s - reading.drawn_at_s) * 1000 for reading, seen_at_s in self.fresh]

    @property
    def intervals_ms(self) -> list[float]:
        """Between two new pictures on the screen."""
        return _steps_ms([seen_at_s for _, seen_at_s in self.fresh])

    @property
    def drawn_intervals_ms(self) -> list[float]:
        """Between two pictures in the model."""
        return _steps_ms([reading.drawn_at_s for reading, _ in self.fresh])

    @property
    def piled_up(self) -> int:
        """Pictures drawn before the first was on screen, that one included."""
        on_screen_s = self.fresh[0][1]
        return sum(reading.drawn_at_s <= on_screen_s for reading, _ in self.fresh)

    @property
    def lost(self) -> int:
        """Numbers that were never decoded.

        A number that nobody saw is lost unless the decoder had it: what it decoded and the viewer's program didn't
        get was dropped by the SDK's own queue.
        """
        numbers = [reading.number for reading, _ in self.fresh]
        missing = numbers[-1] - numbers[0] + 1 - len(numbers) if numbers else 0
        unseen = self.after.decoded - self.before.decoded - len(self.pictures)
        return max(0, missing - max(0, unseen))

    @property
    def packets_lost(self) -> int:
        """RTP packets that never came, or came too late; what they carried may have been sent again in time."""
        return self.after.packets_lost - self.before.packets_lost

    @property
    def dropped(self) -> int:
        """Pictures that came and that the decoder gave up."""
        return self.after.dropped - self.before.dropped

    def speed(self, window_s: float = 1.0) -> float:
        """How much faster than drawn the pictures were shown, at most, over `window_s` of drawing."""
        drawn = np.array([reading.drawn_at_s for reading, _ in self.fresh])
        seen = np.array([seen_at_s for _, seen_at_s in self.fresh])
        ends = np.searchsorted(drawn, drawn + window_s)
        spans = [(drawn[end] - drawn[i]) / (seen[end] - seen[i]) for i, end in enumerate(ends) if end < len(drawn)]
        return float(max(spans, default=float("nan")))

    def since(self, moment_s: float, seconds: float) -> "Stretch":
        """The part drawn in the `seconds` after a moment; the decoder's statistics don't follow."""
        return Stretch(
            [
                each
                for each in self.pictures
                if each.reading and moment_s <= each.reading.drawn_at_s <= moment_s + seconds
            ],
            self.before,
            self.after,
        )


def _steps_ms(times_s: list[float]) -> list[float]:
    steps: NDArray[np.float64] = np.diff(times_s) * 1000
    return [float(step) for step in steps]
