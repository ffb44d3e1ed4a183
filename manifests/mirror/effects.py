"""What the mirror can do with a picture. An effect is made for one size, and called once a frame, in order.

`strength` is 0..1 for every effect; 0 shows the plain picture.
"""

from collections import deque
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from picture import Picture, blur, grow, luma, rainbow, screen, shrink

TRAIL_SCALE = 4  # light that glows is soft: a quarter of the size is enough, at a sixteenth of the cost
PRISM_FRAMES = 7  # between two colours at full strength: a quarter of a second at 30 fps


class Effect(Protocol):
    """Changes pictures, float32 (H, W, 3) in 0..1."""

    def __call__(self, picture: Picture, strength: float, hue: float) -> Picture:
        """The changed picture; `hue` (0..1) turns its colours."""
        ...


class Echo:
    """Whatever moves leaves light behind, which floats outwards, turns its colour and fades."""

    def __init__(self, height: int, width: int) -> None:
        rows, columns = height // TRAIL_SCALE, width // TRAIL_SCALE
        self._trail = np.zeros((rows, columns, 3), np.float32)
        self._before: Picture | None = None
        self._flow = _Flow(rows, columns, zoom=1.025, turn=0.012)
        self._frames = 0

    def __call__(self, picture: Picture, strength: float, hue: float) -> Picture:
        """The picture, dimmed a little, and the trails on it."""
        small = shrink(picture, TRAIL_SCALE)
        bright = luma(small)
        moved = np.zeros_like(bright) if self._before is None else np.abs(bright - self._before)
        self._before = bright
        self._frames += 1
        light = np.clip((moved - 0.03) * 4, 0, 1)[..., None] * (0.15 + small)  # 0.03: above a webcam's noise
        self._trail = self._flow(self._trail) * np.float32(0.84 + 0.10 * strength)
        self._trail += light * rainbow(hue + self._frames / 90) * np.float32(0.9)
        np.minimum(self._trail, 1.6, out=self._trail)
        glow = grow(1 - np.exp(-self._trail * np.float32(1.4 * strength)), TRAIL_SCALE)
        return screen(picture * np.float32(1 - 0.55 * strength), glow)


class Neon:
    """Only edges shine, coloured by their direction, with a haze around them that drifts upwards."""

    def __init__(self, height: int, width: int) -> None:
        rows, columns = height // TRAIL_SCALE, width // TRAIL_SCALE
        self._haze = np.zeros((rows, columns, 3), np.float32)
        self._flow = _Flow(rows, columns, zoom=1.012, turn=0.0, rise=0.7)

    def __call__(self, picture: Picture, strength: float, hue: float) -> Picture:
        """Tubes of light over a dark picture."""
        bright = blur(luma(picture), 1)
        across, down = np.zeros_like(bright), np.zeros_like(bright)
        across[:, 1:-1] = bright[:, 2:] - bright[:, :-2]
        down[1:-1] = bright[2:] - bright[:-2]
        steep = np.sqrt(across * across + down * down) + np.float32(1e-4)
        tube = np.clip((steep - 0.035) * 5, 0, 1)  # 0.035: below are noise and soft shadows
        lines = np.empty_like(picture)
        for channel in range(3):
            angle = 2 * np.pi * (hue + channel / 3)
            facing = across * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))
            lines[..., channel] = tube * (0.5 + 0.5 * facing / steep)
        self._haze = self._flow(self._haze) * np.float32(0.86)
        self._haze += blur(shrink(lines, TRAIL_SCALE)) * np.float32(0.42)
        lines += grow(self._haze, TRAIL_SCALE) * np.float32(0.8)
        lines += (tube * tube * np.float32(0.45))[..., None]  # the hot core of a tube is white
        lines += (bright * bright)[..., None] * np.array([0.05, 0.07, 0.22], np.float32)  # the rest is night
        lines *= np.float32(strength)
        lines += picture * np.float32(1 - strength)
        return lines


class Kaleidoscope:
    """A slice of the picture, mirrored around the centre, slowly turning."""

    def __init__(self, height: int, width: int) -> None:
        self.segments = 8
        self._shape = height, width
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        y -= (height - 1) / 2
        x -= (width - 1) / 2
        self._angle, self._radius = np.arctan2(y, x), np.hypot(y, x)
        self._frames = 0

    def __call__(self, picture: Picture, strength: float, hue: float) -> Picture:
        """The mirrored slices, all of it from half strength on; `hue` turns the slice that is seen."""
        height, width = self._shape
        self._frames += 1
        slice_width = 2 * np.pi / self.segments
        turned = self._angle + np.float32(self._frames * 0.006)
        folded = np.abs(turned % np.float32(slice_width) - np.float32(slice_width / 2))
        folded += np.float32(2 * np.pi * hue - np.pi / 2 + 0.4 * np.sin(self._frames * 0.011))
        reach = np.float32(0.78)  # so that a landscape picture's top and bottom are seldom left
        row = _reflect(self._radius * np.sin(folded) * reach + height / 2, height)
        column = _reflect(self._radius * np.cos(folded) * reach + width / 2, width)
        mirrored = picture.reshape(-1, 3).take(row * width + column, axis=0, mode="clip")
        blend = np.float32(min(2 * strength, 1))
        return mirrored if blend == 1 else mirrored * blend + picture * (1 - blend)


class Prism:
    """Red is now, green was a moment ago, blue before that: stillness is white, motion a rainbow."""

    def __init__(self, height: int, width: int) -> None:
        self._past: deque[Picture] = deque(maxlen=2 * PRISM_FRAMES + 1)
        self._shape = height, width, 3

    def __call__(self, picture: Picture, strength: float, hue: float) -> Picture:
        """Three moments in three colours; `hue` says which colour is now."""
        self._past.append(picture)
        out = np.empty(self._shape, np.float32)
        first = round(hue * 3) % 3
        for place in range(3):
            age = min(place * round(strength * PRISM_FRAMES), len(self._past) - 1)
            channel = (first + place) % 3
            out[..., channel] = self._past[-1 - age][..., channel]
        return out


class _Flow:
    """Moves soft light a little each frame: away from the centre, around it, upwards."""

    def __init__(self, rows: int, columns: int, zoom: float, turn: float, rise: float = 0.0) -> None:
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        y -= rows / 2
        x -= columns / 2
        from_y = ((y * np.cos(turn) - x * np.sin(turn)) / zoom + rows / 2 + rise).clip(0, rows - 1.001)
        from_x = ((x * np.cos(turn) + y * np.sin(turn)) / zoom + columns / 2).clip(0, columns - 1.001)
        top, left = from_y.astype(np.intp), from_x.astype(np.intp)
        down, right = (from_y - top)[..., None], (from_x - left)[..., None]
        corner = top * columns + left
        self._taps = [
            (corner, ((1 - down) * (1 - right)).astype(np.float32)),
            (corner + 1, ((1 - down) * right).astype(np.float32)),
            (corner + columns, (down * (1 - right)).astype(np.float32)),
            (corner + columns + 1, (down * right).astype(np.float32)),
        ]

    def __call__(self, light: Picture) -> Picture:
        flat = light.reshape(-1, 3)
        return np.sum([flat.take(index, axis=0, mode="clip") * weight for index, weight in self._taps], axis=0)


def _reflect(place: Picture, size: int) -> NDArray[np.int32]:
    """Places outside 0..size come back as from a mirror at the edge."""
    folded = np.abs(place) % np.float32(2 * size)
    return np.minimum(folded, 2 * size - 1 - folded).clip(0, size - 1).astype(np.int32)


EFFECTS: dict[str, type[Echo] | type[Neon] | type[Kaleidoscope] | type[Prism]] = {
    "echo": Echo,
    "neon": Neon,
    "kaleidoscope": Kaleidoscope,
    "prism": Prism,
}
