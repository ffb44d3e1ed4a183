"""Words as soft masks: a font of 5 x 7 dots, rounded off."""

import numpy as np
from numpy.typing import NDArray

LONGEST = 12  # more letters would be too thin to read once they flow
ROWS, COLUMNS = 7, 5
SHARE_OF_WIDTH = 0.86  # of the picture, for a word that fills it
TALLEST_DOT = 22  # pixels: a single letter shouldn't fill the picture

# A character and its seven rows from top to bottom, each one base-32 digit whose five bits are dots from left to right.
GLYPHS = """
    Aehhvhhh Buhhuhhu Cehggghe Duhhhhhu Evgguggv Fvgguggg Gehgnhhf Hhhhvhhh Ie44444e J7222iic Khikokih Lggggggv Mhrllhhh
    Nhhpljhh Oehhhhhe Puhhuggg Qehhhlid Ruhhukih Sfgge11u Tv444444 Uhhhhhhe Vhhhhha4 Whhhllla Xhha4ahh Yhha4444 Zv1248gv
    0ehjlphe 14c4444e 2eh1248v 3v2421he 426aiv22 5vgu11he 668guhhe 7v124888 8ehhehhe 9ehhf12c
    !4444404 ?eh12404 .00000cc ,0000cc8 -000e000 +044v440 '4400000 ♥0avve40
"""
FONT = {" ": "0000000"} | {glyph[0]: glyph[1:] for glyph in GLYPHS.split()}


def word_masks(text: str, height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`text` in the middle of a (height, width) mask, 0..1, and a wider one for the ground it stands on.

    Characters that the font lacks become question marks.
    """
    dots = np.concatenate([_dots(letter) for letter in text.upper()], axis=1)[:, :-1]
    dot = max(1, min(int(width * SHARE_OF_WIDTH) // dots.shape[1], height // (2 * ROWS), TALLEST_DOT))
    word = np.kron(dots, np.ones((dot, dot), np.float32))
    top, left = (height - word.shape[0]) // 2, (width - word.shape[1]) // 2
    mask = np.zeros((height, width), np.float32)
    mask[top : top + word.shape[0], left : left + word.shape[1]] = word
    # Blurred over most of a dot and cut below the middle, dots join into round strokes, diagonals too.
    return _rise(_blur(mask, 0.42 * dot), 0.2, 0.55), _rise(_blur(mask, 1.3 * dot), 0.02, 0.16)


def _rise(values: NDArray[np.float32], start: float, end: float) -> NDArray[np.float32]:
    """0 below `start`, 1 above `end`, smooth between them."""
    part = np.clip((values - start) / (end - start), 0, 1)
    return (part * part * (3 - 2 * part)).astype(np.float32)


def _dots(letter: str) -> NDArray[np.float32]:
    rows = [int(digit, 32) for digit in FONT.get(letter, FONT["?"])]
    dots = [[row >> (COLUMNS - 1 - column) & 1 for column in range(COLUMNS)] + [0] for row in rows]
    return np.array(dots, np.float32)


def _blur(mask: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    y = np.fft.fftfreq(mask.shape[0])[:, None]
    x = np.fft.rfftfreq(mask.shape[1])[None, :]
    gaussian = np.exp(-2 * (np.pi * sigma) ** 2 * (y * y + x * x))  # a Gaussian's Fourier transform is one too
    return np.fft.irfft2(np.fft.rfft2(mask) * gaussian, s=mask.shape).astype(np.float32)
