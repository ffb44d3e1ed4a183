"""A model frame on its way from the worker's ring to the encoder."""

from dataclasses import dataclass
from typing import Protocol

USUAL_AHEAD = 2
"""Single frames a model may be ahead of what is shown: the one that is next and another."""


class Release(Protocol):
    """Gives a frame's slot back."""

    def __call__(self, ahead: int = USUAL_AHEAD, begin_at_s: float = 0.0) -> None:
        """Call it exactly once, from any thread; the model may be `ahead` single frames ahead from now on.

        0: its next `emit_frame` returns when that frame is shown, and not before `begin_at_s` (`time.monotonic()`).
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OutputFrame:
    """One picture: RGB24, `width * height * 3` bytes."""

    pixels: memoryview
    """Contiguous and writable; valid until `release` is called."""
    width: int
    height: int
    number: int
    """Counts the session's frames from 0."""
    emitted_at_s: float
    """`time.monotonic()` at the model's emit."""
    work_s: float
    """The model's own working time for this frame's emit."""
    block_index: int
    block_size: int
    release: Release
