"""A test picture that survives a video codec: four known colours, a frame number, and one way that is up.

The top quarter is red (left) and green (right), the bottom quarter blue and yellow; the half between carries 24 cells,
black or white, in 4 rows of 6: 20 bits of the number and 4 that check it. Everything is relative to the size, so the
same reader works for any size of at least 48x32.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_ROWS, _COLUMNS = 4, 6
_CHECK_BITS = 4
_SMALLEST = (48, 32)
NUMBERS = 1 << (_ROWS * _COLUMNS - _CHECK_BITS)
"""Numbers are drawn modulo this."""

CORNERS: dict[str, tuple[int, int, int]] = {
    "top left": (200, 40, 40),
    "top right": (40, 170, 60),
    "bottom left": (40, 60, 200),
    "bottom right": (210, 190, 50),
}
"""RGB of each corner: within what every codec's colour range keeps."""

COLOUR_TOLERANCE = 24
"""Most a channel may be off after encoding and decoding (4:2:0, quantisation, limited range)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a picture."""

    number: int | None
    """The frame number, or None where no valid one is drawn (a flat picture, for instance)."""
    colour_error: int
    """The largest deviation of any corner's mean channel, 0..255; large as well when the picture isn't upright."""

    @property
    def colours_right(self) -> bool:
        """Every corner has its own colour, within what a codec may change."""
        return self.colour_error <= COLOUR_TOLERANCE


def draw(number: int, width: int, height: int) -> Picture:
    """The picture of that number: RGB uint8, shape (height, width, 3)."""
    picture = np.empty((height, width, 3), np.uint8)
    top, bottom, middle = height // 4, height - height // 4, width // 2
    picture[:top, :middle] = CORNERS["top left"]
    picture[:top, middle:] = CORNERS["top right"]
    picture[bottom:, :middle] = CORNERS["bottom left"]
    picture[bottom:, middle:] = CORNERS["bottom right"]
    bits = _with_check(number % NUMBERS)
    for index, (rows, columns) in enumerate(_cells(width, height)):
        picture[rows, columns] = 235 if bits >> index & 1 else 20
    return picture


def read(picture: Picture) -> Reading:
    """What `picture`, RGB uint8 of shape (height, width, 3), shows."""
    height, width = picture.shape[:2]
    if width < _SMALLEST[0] or height < _SMALLEST[1]:
        return Reading(None, 255)
    bits = 0
    for index, (rows, columns) in enumerate(_cells(width, height)):
        if float(np.mean(picture[_inner(rows), _inner(columns)])) > 127:
            bits |= 1 << index
    number = bits % NUMBERS
    return Reading(number if _with_check(number) == bits else None, _colour_error(picture))


def _colour_error(picture: Picture) -> int:
    height, width = picture.shape[:2]
    rows = {"top": slice(0, height // 4), "bottom": slice(height - height // 4, height)}
    columns = {"left": slice(0, width // 2), "right": slice(width // 2, width)}
    worst = 0.0
    for corner, colour in CORNERS.items():
        row, column = corner.split()
        found = picture[_inner(rows[row]), _inner(columns[column])].reshape(-1, 3).mean(axis=0)
        worst = max(worst, float(np.abs(found - np.array(colour)).max()))
    return round(worst)


def _cells(width: int, height: int) -> list[tuple[slice, slice]]:
    top, bottom = height // 4, height - height // 4
    ys = [top + (bottom - top) * row // _ROWS for row in range(_ROWS + 1)]
    xs = [width * column // _COLUMNS for column in range(_COLUMNS + 1)]
    return [
        (slice(ys[row], ys[row + 1]), slice(xs[column], xs[column + 1]))
        for row in range(_ROWS)
        for column in range(_COLUMNS)
    ]


def _inner(part: slice) -> slice:
    margin = (part.stop - part.start) // 4
    return slice(part.start + margin, part.stop - margin)


def _with_check(number: int) -> int:
    # Not zero for number zero, so that neither a black nor a white picture reads as a number.
    check = 0b1010
    for shift in range(0, 20, _CHECK_BITS):
        check ^= number >> shift & 0b1111
    return check << 20 | number
