"""A picture as the viewer sees it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""RGB, uint8, shape (height, width, 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture of the model's video track, upright."""

    pixels: Pixels
    """RGB, uint8, shape (height, width, 3); yours to keep and change."""
    received_at_s: float
    """`time.monotonic()` when it had been decoded."""

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])


def upright(data: Any, width: int, height: int, quarter_turns: int) -> Pixels:
    """View RGB24 bytes as pixels, turned clockwise by `quarter_turns`."""
    pixels: Pixels = np.frombuffer(data, np.uint8, count=width * height * 3).reshape(height, width, 3)
    return np.ascontiguousarray(np.rot90(pixels, k=-quarter_turns)) if quarter_turns % 4 else pixels
