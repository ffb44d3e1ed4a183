"""Where the player of the neural world is, read from a picture of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

CELL = 40  # pixels of a picture, 480 x 800


def lantern_cell(picture: NDArray[Any]) -> tuple[int, int] | None:
    """The row and column of the lantern, the only red thing; None: there is none. picture: uint8 (480, 800, 3)."""
    red, green, blue = np.moveaxis(picture.astype(np.int16), -1, 0)
    places = np.argwhere((red - green > 60) & (red - blue > 60))
    if len(places) <= 50:
        return None
    row, column = (np.median(places, axis=0) // CELL).astype(int).tolist()
    return row, column
