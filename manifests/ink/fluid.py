"""A shallow tray of water seen from above, and the ink it carries.

The flow is the two-dimensional vorticity equation on a grid that is periodic both ways, solved with the method of
"Stable Fluids" (Stam, SIGGRAPH 1999): every field is fetched from where the fluid comes from, so no time step is too
long. The ink has a constant mean slope across the tray; a flow that stirs it against this slope makes new
filaments for ever (Warhaft, "Passive scalars in turbulent flows", 2000), so the picture never turns grey.

Lengths are pixels of the picture, times are seconds. The unit of ink is one turn of the colour wheel.
"""

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Spectrum = NDArray[np.complexfloating]

COARSE = 4  # the flow is smooth: computed on every fourth pixel, it costs a sixteenth
TRAY_WIDTH_M = 0.30  # a baking tray: makes real water look right at this picture size
TRAY_DEPTH_M = 0.005
VISCOSITY_M2_S = 1.0e-6  # water at 20 °C, CRC Handbook of Chemistry and Physics
# The slowest mode of a layer that sticks to its bottom decays with this rate (profile sin(pi z / 2 d)).
FRICTION_PER_S = VISCOSITY_M2_S * (np.pi / (2 * TRAY_DEPTH_M)) ** 2
INK_SLOPE = (0.7, 1.2)  # turns of the colour wheel from top to bottom and from left to right
STIR_BAND = (3.0, 8.0)  # eddies a third of the tray in size look alive; smaller ones look noisy
SETTLE_S = 4.0  # folds fade with this time, or after a minute they would be finer than the pixels
BLEED = 0.13  # of a pixel's difference to its neighbours, per step: the softest edge that doesn't flicker
STIR = 0.6  # eddies are replaced within a few seconds: enough surprise, and still a flow one can follow
SPEED_RELAX_S = 0.8  # how fast the flow follows a new speed: felt at once, but without a jerk


class Fluid:
    """Flow and ink of a tray of `height` x `width` pixels, both multiples of `COARSE`."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        rows, columns = height // COARSE, width // COARSE
        self._shape = (rows, columns)
        self._y, self._x = _grid(rows, columns)
        self._ink_y, self._ink_x = _grid(height, width)
        self._ky = (2 * np.pi / height * np.fft.fftfreq(rows, 1 / rows)).astype(np.float32)[:, None]
        self._kx = (2 * np.pi / width * np.arange(columns // 2 + 1)).astype(np.float32)[None, :]
        self._k2 = self._kx**2 + self._ky**2
        self._inverse_k2 = 1 / np.where(self._k2 == 0, np.inf, self._k2)
        waves = np.sqrt(self._k2) * width / (2 * np.pi)  # waves across the tray
        self._stirred = (waves >= STIR_BAND[0]) & (waves <= STIR_BAND[1])
        self._radius_px = width / (2 * np.pi * np.mean(STIR_BAND))  # of a typical eddy
        self._slope_y, self._slope_x = INK_SLOPE[0] / height, INK_SLOPE[1] / width
        self._mean_ink = self._slope_y * self._ink_y + self._slope_x * self._ink_x
        self.restart(0)

    def restart(self, seed: int) -> None:
        """Fresh water with folded ink and a few dozen eddies; the same seed gives the same film."""
        self._random = np.random.default_rng(seed)
        self.speed = 0.0
        self._vorticity = np.zeros(self._shape, np.float32)
        self._folds = np.zeros((self.height, self.width), np.float32)
        for _ in range(36):
            turn = self._random.choice([-1.0, 1.0]) * self._random.uniform(2, 7)
            self.swirl(self._random.random(), self._random.random(), turn, self._random.uniform(25, 80))
        for amount in np.tile([0.35, -0.35], 8):
            self.drop(self._random.random(), self._random.random(), amount, self._random.uniform(40, 110))

    @property
    def ink(self) -> Field:
        """Ink, in turns of the colour wheel: float32 (height, width), any value."""
        return self._folds + self._mean_ink

    @property
    def folds(self) -> Field:
        """The ink without its mean slope: float32 (height, width), periodic; don't write to it."""
        return self._folds

    def swirl(self, x: float, y: float, turn: float, radius: float) -> None:
        """Add an eddy at (x, y) in 0..1, of `turn` radians a second at its centre."""
        self._vorticity += 2 * turn * self._bump(self._shape, x, y, radius / COARSE)

    def push(self, x: float, y: float, dx: float, dy: float, radius: float) -> None:
        """Give the water around (x, y) in 0..1 a velocity of (dx, dy) pixels a second."""
        bump = self._bump(self._shape, x, y, radius / COARSE)
        slope_y, slope_x = np.gradient(bump, COARSE)
        self._vorticity += dy * slope_x - dx * slope_y

    def drop(self, x: float, y: float, amount: float, radius: float) -> None:
        """Let a drop of ink fall at (x, y) in 0..1."""
        self._folds += amount * self._bump(self._folds.shape, x, y, radius)

    def print(self, mask: Field, tone: float) -> None:
        """Turn the ink to `tone`, a place on the colour wheel, where `mask`, (height, width) in 0..1, says so."""
        distance = tone - self.ink
        # The same number of whole turns everywhere: a jump between two pixels would show as a crack.
        distance -= np.round(np.average(distance, weights=mask))
        self._folds += mask * distance

    def calm(self, rest: float) -> None:
        """Leave only `rest` (0..1) of the flow."""
        self._vorticity *= np.float32(rest)
        self.speed *= rest

    def step(self, seconds: float, stir: float | None) -> None:
        """Let time pass.

        `stir` is a mean speed in pixels a second that the flow is stirred up to; None leaves it to itself.
        """
        spectrum = np.fft.rfft2(self._vorticity)
        spectrum *= self._decay(seconds)
        if stir is not None:
            spectrum += self._kicks(seconds, stir)
            spectrum *= self._governor(seconds, stir)
        stream = spectrum * self._inverse_k2  # the stream function, whose slopes are the velocity
        x_speed, y_speed = 1j * self._ky * stream, -1j * self._kx * stream

        coarse_x, coarse_y = self._coarse(x_speed), self._coarse(y_speed)
        self.speed = float(np.sqrt(np.mean(coarse_x**2 + coarse_y**2)))
        back = seconds / COARSE
        self._vorticity = _fetch(self._coarse(spectrum), self._y - coarse_y * back, self._x - coarse_x * back)

        dx, dy = self._fine(x_speed) * seconds, self._fine(y_speed) * seconds
        self._folds = _bleed(_fetch(self._folds, self._ink_y - dy, self._ink_x - dx))
        self._folds *= np.float32(np.exp(-seconds / SETTLE_S))
        self._folds -= dx * self._slope_x + dy * self._slope_y  # what the mean slope brings along

    def _decay(self, seconds: float) -> Field:
        viscosity = VISCOSITY_M2_S * (self.width / TRAY_WIDTH_M) ** 2  # in pixels² a second
        return np.exp(-(FRICTION_PER_S + viscosity * self._k2) * seconds).astype(np.float32)

    def _kicks(self, seconds: float, speed: float) -> Spectrum:
        """Random kicks at the scale of the large eddies: work grows with speed, as in a stirred cup."""
        kick = np.zeros(self._k2.shape, np.complex64)
        count = int(self._stirred.sum())
        noise = self._random.standard_normal((2, count)).astype(np.float32)
        height = STIR * speed / self._radius_px * np.sqrt(seconds) * self._vorticity.size / np.sqrt(2 * count)
        kick[self._stirred] = (noise[0] + 1j * noise[1]) * np.float32(height / 2)
        return kick

    def _governor(self, seconds: float, speed: float) -> float:
        """A factor that keeps the mean speed near the wanted one; never so large that it jerks."""
        wanted = np.clip(speed / max(self.speed, 1.0), 0.25, 4.0)
        return float(wanted ** (seconds / SPEED_RELAX_S)) if self.speed else 1.0

    def _coarse(self, spectrum: Spectrum) -> Field:
        return np.fft.irfft2(spectrum, s=self._shape).astype(np.float32, copy=False)

    def _fine(self, spectrum: Spectrum) -> Field:
        """The same waves on the ink's grid: exact, because the finer grid only adds waves of no height."""
        half = self._shape[0] // 2
        padded = np.zeros((self.height, spectrum.shape[1]), np.complex64)
        padded[:half], padded[-half:] = spectrum[:half], spectrum[-half:]
        fine = np.fft.irfft(np.fft.ifft(padded, axis=0), n=self.width, axis=1)
        return fine.astype(np.float32, copy=False) * np.float32(COARSE**2)

    @staticmethod
    def _bump(shape: tuple[int, ...], x: float, y: float, radius: float) -> Field:
        """A round hill of height 1 that wraps around the edges: two profiles multiplied, cheap at any size."""
        rows, columns = shape

        def profile(size: int, at: float) -> Field:
            distance = (np.arange(size, dtype=np.float32) - at * size + size / 2) % size - size / 2
            return np.exp(-((distance / radius) ** 2)).astype(np.float32)

        return profile(rows, y)[:, None] * profile(columns, x)[None, :]


def _grid(rows: int, columns: int) -> tuple[Field, Field]:
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return y, x


def _fetch(field: Field, y: Field, x: Field) -> Field:
    """`field` at the points (y, x), bilinear, periodic."""
    rows, columns = field.shape
    top, left = np.floor(y), np.floor(x)
    down, right = y - top, x - left
    row, column = top.astype(np.int32) % rows, left.astype(np.int32) % columns
    below, beside = (row + 1) % rows * columns, (column + 1) % columns
    row *= columns
    # mode="wrap" spares numpy its bounds check pass: the indices are in range already
    upper = field.take(row + column, mode="wrap")
    upper += (field.take(row + beside, mode="wrap") - upper) * right
    lower = field.take(below + column, mode="wrap")
    lower += (field.take(below + beside, mode="wrap") - lower) * right
    upper += (lower - upper) * down
    return upper


def _bleed(field: Field) -> Field:
    """A little of every pixel goes to its four neighbours; the outermost pixels keep theirs."""
    flow = field[1:] - field[:-1]
    flow *= BLEED
    field[:-1] += flow
    field[1:] -= flow
    flow = field[:, 1:] - field[:, :-1]
    flow *= BLEED
    field[:, :-1] += flow
    field[:, 1:] -= flow
    return field
