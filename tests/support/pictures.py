"""Real photographs that move: what a camera would see, without a camera."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from skimage import data

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
"""Colour photographs that scikit-image ships in its package; the others are downloads."""


def moving_photograph(
    name: str = "astronaut", *, height: int = 480, width: int = 640, frames: int = 60
) -> Iterator[NDArray[np.uint8]]:
    """A hand-held shot of a photograph: uint8 (height, width, 3), panned, zoomed and turned a little, bilinear.

    One period lasts `frames` frames, so that the film can be repeated without a jump. Raises `KeyError` for a name
    outside `PHOTOGRAPHS`.
    """
    if name not in PHOTOGRAPHS:
        raise KeyError(name)
    photograph = getattr(data, name)()
    for number in range(frames):
        yield view(photograph, height, width, 2 * np.pi * number / frames)


def view(photograph: NDArray[np.uint8], height: int, width: int, phase: float) -> NDArray[np.uint8]:
    """What the camera sees at `phase` (radians) of its movement."""
    rows, columns = photograph.shape[:2]
    scale = min(rows / height, columns / width) * (0.72 + 0.12 * np.sin(phase))
    turn = 0.06 * np.sin(phase)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = (y - height / 2) * scale, (x - width / 2) * scale
    from_y = y * np.cos(turn) - x * np.sin(turn) + rows * (0.5 + 0.06 * np.sin(phase))
    from_x = x * np.cos(turn) + y * np.sin(turn) + columns * (0.5 + 0.06 * np.cos(phase))
    return _bilinear(photograph, from_y.clip(0, rows - 1.001), from_x.clip(0, columns - 1.001))


def _bilinear(photograph: NDArray[np.uint8], y: NDArray[np.floating], x: NDArray[np.floating]) -> NDArray[np.uint8]:
    top, left = y.astype(np.intp), x.astype(np.intp)
    down, right = (y - top)[..., None], (x - left)[..., None]
    upper = photograph[top, left] * (1 - right) + photograph[top, left + 1] * right
    lower = photograph[top + 1, left] * (1 - right) + photograph[top + 1, left + 1] * right
    blended: NDArray[np.uint8] = (upper * (1 - down) + lower * down + 0.5).astype(np.uint8)
    return blended
