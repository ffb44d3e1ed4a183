"""Films for Chromium's pretended camera, as raw Y4M files that it repeats for ever."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage import data

from support import pattern
from support.pictures import view

_WIDTH, _HEIGHT = 320, 192
FPS = 24
_PORTRAIT, _ROWS, _COLUMNS = "astronaut", 320, 448  # head and shoulders are in its upper left
_TURN = 4 * FPS  # pictures
# RGB -> YCbCr, limited range: https://www.itu.int/rec/R-REC-BT.601
_Y = np.array([65.481, 128.553, 24.966]) / 255
_CB = np.array([-37.797, -74.203, 112.0]) / 255
_CR = np.array([112.0, -93.786, -18.214]) / 255


def write_film(path: Path, numbers: range) -> None:
    """Write a film whose pictures are the tests' pattern with these numbers."""
    _write(path, (pattern.draw(number, _WIDTH, _HEIGHT) for number in numbers), _WIDTH, _HEIGHT)


def write_portrait(path: Path) -> None:
    """Write a film of somebody's head and shoulders, 640 x 480, as a hand-held camera sees them."""
    photograph = getattr(data, _PORTRAIT)()[:_ROWS, :_COLUMNS]
    _write(path, (view(photograph, 480, 640, 2 * np.pi * n / _TURN) for n in range(_TURN)), 640, 480)


def _write(path: Path, pictures: Iterable[NDArray[np.uint8]], width: int, height: int) -> None:
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            file.write(b"FRAME\n" + _i420(picture))


def _i420(picture: NDArray[np.uint8]) -> bytes:
    height, width = picture.shape[:2]
    coarse = picture.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
    planes = (16 + picture @ _Y, 128 + coarse @ _CB, 128 + coarse @ _CR)
    return b"".join(np.clip(np.rint(plane), 0, 255).astype(np.uint8).tobytes() for plane in planes)
