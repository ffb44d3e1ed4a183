"""Picture arithmetic that every effect needs. Pictures are float32 (H, W, 3) in 0..1 unless said otherwise."""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709


def fit(frame: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """The middle of `frame`, uint8 (H, W, 3), cut to the wanted shape and brought to (height, width)."""
    rows, columns = frame.shape[:2]
    scale = min(rows / height, columns / width)
    y = ((np.arange(height) + 0.5 - height / 2) * scale + rows / 2).astype(np.intp).clip(0, rows - 1)
    x = ((np.arange(width) + 0.5 - width / 2) * scale + columns / 2).astype(np.intp).clip(0, columns - 1)
    return frame.take(y, axis=0).take(x, axis=1)


def luma(picture: Picture) -> Picture:
    """Brightness as the eye sees it, float32 (H, W)."""
    return picture @ LUMA


def shrink(picture: Picture, by: int) -> Picture:
    """Means of `by` x `by` pixels."""
    rows, columns = picture.shape[0] // by, picture.shape[1] // by
    tall = picture.reshape(rows, by, columns * by, -1).mean(axis=1)
    return tall.reshape(rows, columns, by, -1).mean(axis=2)


def grow(picture: Picture, by: int) -> Picture:
    """`by` times as large, linear between the pixels' middles."""
    return _grow_along(_grow_along(picture, by, axis=1), by, axis=0)  # in this order most work is on whole rows


def _grow_along(picture: Picture, by: int, axis: int) -> Picture:
    ends = [(1, 1) if axis == each else (0, 0) for each in range(picture.ndim)]
    padded = np.pad(picture, ends, mode="edge")
    size = picture.shape[axis]
    before, after = padded.take(range(size), axis), padded.take(range(2, size + 2), axis)
    steps = []
    for step in range(by):
        part = np.float32((step + 0.5) / by - 0.5)
        steps.append(picture + (after - picture) * part if part > 0 else picture + (picture - before) * part)
    shape = [length * by if axis == each else length for each, length in enumerate(picture.shape)]
    return np.stack(steps, axis + 1).reshape(shape)


def blur(picture: Picture, passes: int = 2) -> Picture:
    """Softened with the kernel 1 2 1 both ways, `passes` times; the outermost pixels repeat."""
    for _ in range(passes):
        for axis in (0, 1):
            edge = [(1, 1) if axis == each else (0, 0) for each in range(picture.ndim)]
            padded = np.pad(picture, edge, mode="edge").swapaxes(0, axis)
            middle = padded[:-2] + padded[2:]
            middle += 2 * padded[1:-1]
            middle *= 0.25
            picture = middle.swapaxes(0, axis)
    return picture


def screen(below: Picture, light: Picture) -> Picture:
    """Two projectors on one screen: light adds up and never clips hard. Writes into `light`."""
    light *= 1 - below
    light += below
    return light


def rainbow(turn: float | Picture) -> Picture:
    """Colours of the hue circle, one turn = 1: three cosines a third of a turn apart, shape (..., 3)."""
    phase = np.asarray(turn, np.float32)[..., None] - np.array([0, 1 / 3, 2 / 3], np.float32)
    return (0.5 + 0.5 * np.cos(2 * np.pi * phase)).astype(np.float32)


def to_bytes(picture: Picture) -> NDArray[np.uint8]:
    """uint8 (H, W, 3)."""
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)
