"""From ink to picture: a colour wheel, and a light from the upper left on glossy paint."""

import numpy as np
from numpy.typing import NDArray

TONES = 512  # steps around the colour wheel: more than the eye tells apart
SLOPES = 64  # steps from "faces away from the light" to "faces it"
LIGHT = (-0.8, -0.6)  # (y, x): from the upper left, where people expect the light (Ramachandran, 1988)
STEEPNESS = 45.0  # ink slopes are about 1/50 turn a pixel: this makes them slopes near 45 degrees
LUMA = (0.2126, 0.7152, 0.0722)  # how bright red, green and blue look (ITU-R BT.709)
FADE = 0.12  # a new palette takes about half a second at 30 fps to come

# Each palette is a closed circle of colours, sRGB.
PALETTES: dict[str, list[str]] = {
    "ember": ["0a0a1c", "24145c", "7d1c86", "e0405e", "ff9a4a", "ffe9b8", "64b6c0", "123d66"],
    "ocean": ["03121f", "06365a", "0a6f96", "27b5b5", "a8efd8", "f4fbe9", "5aa7d6", "12295e"],
    "aurora": ["05060f", "0c2b3a", "0b7a5f", "5ee08a", "d8f7a6", "7a5bd6", "3a1f83", "120a33"],
    "opal": ["f6e9f0", "f2b8c6", "c7a6e8", "8fb8ee", "9fe3dc", "e4f4c0", "fbe1a8", "f3bfa0"],
    "noir": ["060606", "0b0b0c", "1c1a18", "3a2f22", "c99a4b", "fff0c4", "6d4f28", "131110"],
}


class Painter:
    """Turns ink into RGB. One table holds the colour of every tone under every light: a pixel costs one look-up."""

    def __init__(self) -> None:
        self.palette = "ember"
        self.gloss = 0.7
        self._wheel = colour_wheel(self.palette)
        self._key: tuple[object, ...] = ()
        self._table = np.zeros(TONES * SLOPES, np.uint32)

    def restart(self, palette: str, gloss: float) -> None:
        """Take these at once, without a fade."""
        self.palette, self.gloss = palette, gloss
        self._wheel = colour_wheel(palette)

    def extremes(self) -> tuple[float, float]:
        """The darkest and the brightest place on the palette's colour wheel, in turns."""
        bright = colour_wheel(self.palette) @ np.array(LUMA, np.float32)
        return int(bright.argmin()) / TONES, int(bright.argmax()) / TONES

    def paint(self, ink: NDArray[np.float32], folds: NDArray[np.float32], turns: float) -> NDArray[np.uint8]:
        """The picture, uint8 (H, W, 3): `ink` times `turns` chooses the colour, the slopes of `folds` the light."""
        self._mix()
        slope = _slope_towards_light(folds)
        slope *= STEEPNESS
        slope /= np.sqrt(1 + slope * slope)  # -1..1, and steep edges stay soft
        slope += 1
        slope *= (SLOPES - 1) / 2
        index = (ink * (TONES * turns)).astype(np.int32)
        index &= TONES - 1
        index *= SLOPES
        index += slope.astype(np.int32)
        pixels = self._table.take(index, mode="clip")
        return pixels.view(np.uint8).reshape(*ink.shape, 4)[..., :3]

    def _mix(self) -> None:
        """Move the colours a little towards the palette; make the table anew only if something changed."""
        wanted = colour_wheel(self.palette)
        far = float(np.abs(wanted - self._wheel).max())
        self._wheel = self._wheel + (wanted - self._wheel) * FADE if far > 1 else wanted
        key = (self.palette, self.gloss, far > 0)
        if key != self._key or far > 0:
            self._table = _light_up(self._wheel, self.gloss)
            self._key = key


def colour_wheel(name: str) -> NDArray[np.float32]:
    """The palette as a smooth circle: float32 (TONES, 3) in 0..255."""
    stops = np.array([list(bytes.fromhex(stop)) for stop in PALETTES[name]], np.float32)
    place = np.arange(TONES, dtype=np.float32) / TONES * len(stops)
    first = place.astype(int)
    part = (place - first)[:, None]
    part = part * part * (3 - 2 * part)  # no visible corner where two colours meet
    return stops[first] * (1 - part) + stops[(first + 1) % len(stops)] * part


def _slope_towards_light(height: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much the surface rises away from the light, per pixel; central differences, periodic as the water is."""
    slope = np.empty_like(height)
    np.subtract(height[2:], height[:-2], out=slope[1:-1])
    slope[0], slope[-1] = height[1] - height[-1], height[0] - height[-2]
    slope *= -LIGHT[0] / 2
    across = np.empty_like(height)
    np.subtract(height[:, 2:], height[:, :-2], out=across[:, 1:-1])
    across[:, 0], across[:, -1] = height[:, 1] - height[:, -1], height[:, 0] - height[:, -2]
    across *= -LIGHT[1] / 2
    slope += across
    return slope


def _light_up(wheel: NDArray[np.float32], gloss: float) -> NDArray[np.uint32]:
    """Every colour of the wheel under every slope, packed as RGBx."""
    slope = np.linspace(-1, 1, SLOPES, dtype=np.float32)[None, :]
    tone = np.arange(TONES, dtype=np.float32)[:, None] / TONES
    # Fine ridges that follow the ink's own lines, as in brushed silk; in the table they cost nothing.
    slope = slope * (1 + 0.3 * (1 - slope**2) * np.cos(2 * np.pi * 12 * tone))
    diffuse = 0.92 + 0.5 * slope
    highlight = np.exp(-(((slope - 0.72) / 0.13) ** 2)) * 0.9 * gloss
    rim = np.exp(-(((slope + 0.75) / 0.2) ** 2)) * 0.18 * gloss
    sky = np.array([150, 190, 255], np.float32)
    colour = wheel[:, None, :] * diffuse[..., None]
    colour += (255 - colour) * highlight[..., None] * np.float32(0.85)
    colour += sky * rim[..., None]
    table = np.zeros((TONES, SLOPES, 4), np.uint8)
    table[..., :3] = np.clip(colour, 0, 255)
    return table.reshape(-1).view(np.uint32)
