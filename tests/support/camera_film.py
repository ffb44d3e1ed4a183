"""A film for Chromium's pretended camera: the numbered test pictures, as a raw Y4M file that it repeats for ever."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from support import pattern

_WIDTH, _HEIGHT = 320, 192
FPS = 24
# RGB -> YCbCr, limited range: https://www.itu.int/rec/R-REC-BT.601
_Y = np.array([65.481, 128.553, 24.966]) / 255
_CB = np.array([-37.797, -74.203, 112.0]) / 255
_CR = np.array([112.0, -93.786, -18.214]) / 255


def write_film(path: Path, numbers: range) -> None:
    """Write a film whose pictures are the tests' pattern with these numbers."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{_WIDTH} H{_HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for number in numbers:
            file.write(b"FRAME\n" + _i420(pattern.draw(number, _WIDTH, _HEIGHT)))


def _i420(picture: NDArray[np.uint8]) -> bytes:
    coarse = picture.reshape(_HEIGHT // 2, 2, _WIDTH // 2, 2, 3).mean(axis=(1, 3))
    planes = (16 + picture @ _Y, 128 + coarse @ _CB, 128 + coarse @ _CR)
    return b"".join(np.clip(np.rint(plane), 0, 255).astype(np.uint8).tobytes() for plane in planes)
