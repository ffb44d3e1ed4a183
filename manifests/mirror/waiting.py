"""The picture while no camera has come: a camera sign, and lights that wander around it."""

import numpy as np
from picture import Picture, rainbow

LIGHTS = 5
LIGHT_RADIUS = 0.055  # of the picture's height


class Waiting:
    """Makes the picture for any moment, float32 (height, width, 3) in 0..1."""

    def __init__(self, height: int, width: int) -> None:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self._y, self._x = (y - height / 2) / height, (x - width / 2) / height
        # Distances to the sign's outline, negative inside (Quilez, "2D distance functions").
        body = _box(self._y, self._x, 0.10, 0.15, corner=0.03)
        hump = _box(self._y + 0.115, self._x, 0.025, 0.05, corner=0.012)
        lens = np.hypot(self._y, self._x) - 0.062
        outline = np.maximum(np.minimum(body, hump), -lens)
        glass = np.hypot(self._y, self._x) - 0.042
        sign = np.minimum(outline, glass)
        self._sign = np.clip(0.5 - sign * height / 1.5, 0, 1)[..., None]  # an edge of 1.5 pixels
        self._halo = np.exp(-np.maximum(sign, 0) * 9)[..., None]
        self._ground = np.array([0.03, 0.04, 0.10], np.float32) + (0.5 - self._y)[..., None] * np.array(
            [0.02, 0.05, 0.14], np.float32
        )

    def at(self, seconds: float) -> Picture:
        """The picture `seconds` after the start."""
        breath = 0.5 + 0.5 * np.sin(seconds * 2.2)
        picture = self._ground + self._halo * rainbow(seconds / 12) * np.float32(0.16 + 0.14 * breath)
        for light in range(LIGHTS):
            angle = 2 * np.pi * light / LIGHTS + seconds * 1.1
            down, right = 0.30 * np.sin(angle + 0.4), 0.50 * np.cos(angle + 0.3 * np.sin(seconds + light))
            colour = 0.35 + 0.65 * rainbow(light / LIGHTS + seconds / 20)
            self._add_light(picture, down, right, colour)
        picture += self._sign * np.float32(0.55 + 0.2 * breath)
        return np.minimum(picture, 1).astype(np.float32, copy=False)

    def _add_light(self, picture: Picture, down: float, right: float, colour: Picture) -> None:
        """A round hill of light: two profiles multiplied, only where they are more than nothing."""
        tall = np.exp(-(((self._y[:, 0] - down) / LIGHT_RADIUS) ** 2))
        wide = np.exp(-(((self._x[0] - right) / LIGHT_RADIUS) ** 2))
        rows, columns = np.flatnonzero(tall > 1 / 512), np.flatnonzero(wide > 1 / 512)
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        picture[window] += np.multiply.outer(np.outer(tall[window[0]], wide[window[1]]), colour).astype(np.float32)


def _box(y: Picture, x: Picture, half_height: float, half_width: float, corner: float) -> Picture:
    """Distance to a box with round corners around the origin."""
    down, right = np.abs(y) - half_height + corner, np.abs(x) - half_width + corner
    outside = np.hypot(np.maximum(down, 0), np.maximum(right, 0))
    return outside + np.minimum(np.maximum(down, right), 0) - np.float32(corner)
