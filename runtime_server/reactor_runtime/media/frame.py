"""A model frame on its way from the worker's ring to the encoder."""

from collections.abc import Callable
from dataclasses import dataclass


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
    release: Callable[[], None]
    """Gives the slot back; call it exactly once, from any thread."""
