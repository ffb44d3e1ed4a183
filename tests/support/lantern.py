"""Where the player of the neural world is, read from a picture of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

CELL = 40  # pixels of a picture, 480 x 800


def lantern_cell(picture: NDArray[Any]) -> tuple[int, int]:
    """The row and column of the lantern, the only red thing; picture: uint8 (480, 800, 3).

    Raises:
        AssertionError: none is to be seen.
    """
    red, green, blue = np.moveaxis(picture.astype(np.int16), -1, 0)
    places = np.argwhere((red - green > 60) & (red - blue > 60))
    assert len(places) > 50, "no lantern in the picture"
    row, column = (np.median(places, axis=0) // CELL).astype(int).tolist()
    return row, column
