"""Frame number, drawing time and a tag as black and white squares in the picture: they survive every codec."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SQUARE_PX = 16  # two macroblocks of the coarsest chroma grid: readable at 100 kbit/s
_COLUMNS = 48
_ROWS = 2
_MAGIC, _MAGIC_BITS = 0b1011_0010, 8
_TIME_BITS = 48  # microseconds: 8.9 years of monotonic clock
_TAG_BITS = 8
_NUMBER_BITS = 24
_SUM_BITS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """What a picture says of itself."""

    number: int
    drawn_at_s: float
    """`time.monotonic()`, one clock for all processes of a machine."""
    tag: int = 0
    """What the last command before the drawing said."""


def draw(picture: NDArray[np.uint8], number: int, now_s: float, tag: int = 0) -> None:
    """Draw into the top left corner of `picture`: uint8 (H, W, 3), at least 32 x 768."""
    value = _MAGIC
    for field, width in ((int(now_s * 1e6), _TIME_BITS), (tag, _TAG_BITS), (number, _NUMBER_BITS)):
        value = value << width | field
    value = value << _SUM_BITS | _checksum(value)
    total = _MAGIC_BITS + _TIME_BITS + _TAG_BITS + _NUMBER_BITS + _SUM_BITS
    bits = np.array([value >> shift & 1 for shift in range(total - 1, -1, -1)], np.uint8).reshape(_ROWS, _COLUMNS)
    squares = np.kron(bits, np.ones((_SQUARE_PX, _SQUARE_PX), np.uint8)) * 255
    picture[: squares.shape[0], : squares.shape[1]] = squares[..., None]


def read(picture: NDArray[np.uint8]) -> Reading | None:
    """Read what `draw` drew; None where there is nothing, or nothing readable."""
    height, width = _ROWS * _SQUARE_PX, _COLUMNS * _SQUARE_PX
    if picture.shape[0] < height or picture.shape[1] < width:
        return None
    # The middle of each square, away from the codec's ringing at its edges.
    squares = picture[:height, :width, 1].reshape(_ROWS, _SQUARE_PX, _COLUMNS, _SQUARE_PX)[:, 4:12, :, 4:12]
    bits: Any = squares.mean(axis=(1, 3)).ravel() > 127
    value = int("".join("1" if bit else "0" for bit in bits), 2)
    value, checksum = value >> _SUM_BITS, value & 0xFF
    if checksum != _checksum(value):
        return None
    value, number = value >> _NUMBER_BITS, value & (1 << _NUMBER_BITS) - 1
    value, tag = value >> _TAG_BITS, value & (1 << _TAG_BITS) - 1
    if value >> _TIME_BITS != _MAGIC:
        return None
    return Reading(number, (value & (1 << _TIME_BITS) - 1) / 1e6, tag)


def gradient(width: int, height: int) -> NDArray[np.uint8]:
    """A ground wider than the picture by 256, to be moved under the barcode: work for the encoder."""
    rows, columns = np.mgrid[0:height, 0 : width + 256]
    channels = [columns // 4, rows // 2, (columns + rows) // 6]
    ground: NDArray[np.uint8] = np.stack([channel % 256 for channel in channels], axis=-1).astype(np.uint8)
    return ground


def picture(ground: NDArray[np.uint8], number: int, tag: int = 0) -> NDArray[np.uint8]:
    """Picture `number` over that ground, drawn now."""
    offset = number % 256
    cut = ground[:, offset : offset + ground.shape[1] - 256].copy()
    draw(cut, number, time.monotonic(), tag)
    return cut


def _checksum(value: int) -> int:
    return sum(value.to_bytes(16, "big")) & 0xFF
