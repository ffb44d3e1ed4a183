"""From a predicted state to a picture, 480 x 800: moonlight, and the light of fireflies and lantern on the garden.

Nothing here is learned, and nothing here decides: what stands where and who flies which way comes from the network.
Between two states fireflies move on the way they fly, and the player from the one cell to the other.
"""

import numpy as np
import torch
import world
from numpy.typing import NDArray
from torch import Tensor

CELL = 40  # pixels
HEIGHT, WIDTH = world.ROWS * CELL, world.COLUMNS * CELL
MARGIN = 4 * CELL  # around the canvas, so that light at the edge needs no cutting

Image = NDArray[np.float32]
Bits = NDArray[np.bool_]  # one state: (PLANES, ROWS, COLUMNS)

# Colours are linear light, 1 = white.
NIGHT, DAWN = (0.08, 0.15, 0.36), (1.30, 1.00, 0.70)  # without a lit firefly, and with all of them
GRASS, HEDGE, WATER, LEAF = (0.16, 0.34, 0.11), (0.09, 0.26, 0.13), (0.08, 0.30, 0.55), (0.55, 1.00, 0.30)
HAZE = 0.03  # what the air itself throws back: light shows over everything
WILD, LIT, LANTERN = (0.15, 0.75, 1.0), (1.0, 0.58, 0.09), (1.0, 0.62, 0.30)
PAPER, FLAME = (0.93, 0.22, 0.16), (1.0, 0.93, 0.70)  # of the lantern itself, as shown


class Painter:
    """Paints on one device."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._light = torch.zeros(HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN, 3, device=device)
        self._night, self._dawn = self._put(_rgb(NIGHT)), self._put(_rgb(DAWN))
        self._shine = {
            plane: self._put(_spot(2.0, 0.3, colour, 1.8) + _spot(0.5, 0.07, colour, 30.0, within=2.0))
            for kind, colour in ((world.WILD, WILD), (world.LIT, LIT))
            for plane in range(kind.start, kind.stop)
        }
        self._lantern = self._put(_spot(4.0, 1.1, LANTERN, 3.2))
        self._paper, self._cover = (self._put(part) for part in _lantern())
        self._land: Bits | None = None

    def paint(self, before: Bits, after: Bits, part: float) -> Tensor:
        """The picture `part` (0..1) of the way between two states, uint8 (HEIGHT, WIDTH, 3), on the device."""
        if self._land is None or not np.array_equal(self._land, before[world.LAND]):
            self._land = before[world.LAND].copy()
            self._ground = self._put(_garden(self._land))
        player = _place(before) * (1 - part) + _place(after) * part
        lit = _lit_share(before) * (1 - part) + _lit_share(after) * part
        self._light[:] = torch.lerp(self._night, self._dawn, lit**4)
        self._add(self._lantern, player)
        for plane, place in _fireflies(before, part):
            self._add(self._shine[plane], place)
        picture = self._light[MARGIN:-MARGIN, MARGIN:-MARGIN] * self._ground
        picture = picture.neg_().exp_().neg_().add_(1).sqrt_()  # bright light saturates as on film; sqrt: near sRGB
        window = _window(player, len(self._paper))
        picture[window] = torch.lerp(picture[window], self._paper, self._cover)
        return picture.mul_(255).to(torch.uint8)

    def _add(self, sprite: Tensor, place: Image) -> None:
        self._light[_window(place, len(sprite), MARGIN)] += sprite

    def _put(self, image: Image) -> Tensor:
        return torch.from_numpy(image).to(self._device)


def _rgb(colour: tuple[float, ...]) -> Image:
    return np.array(colour, np.float32)


def _place(state: Bits) -> Image:
    return np.argwhere(state[world.PLAYER])[0].astype(np.float32)


def _lit_share(state: Bits) -> float:
    return float(state[world.LIT].sum() / max(1, state[world.WILD.start : world.LIT.stop].sum()))


def _fireflies(state: Bits, part: float) -> list[tuple[int, Image]]:
    """Each firefly's plane and place in cells: on its way, or touching the hedge ahead and coming back."""
    found = []
    for kind in (world.WILD, world.LIT):
        for number, *cell in np.argwhere(state[kind]):
            way = np.array(world.WAYS[number])
            blocked = state[world.HEDGE][tuple(cell + way)]
            found.append((kind.start + number, cell + way * np.float32(min(part, 1 - part) if blocked else part)))
    return found


def _window(place: Image, size: int, margin: int = 0) -> tuple[slice, slice]:
    """The pixels of a sprite around a place."""
    top, left = ((place + 0.5) * CELL - size / 2).round().astype(int) + margin
    return slice(top, top + size), slice(left, left + size)


def _spot(reach: float, core: float, colour: tuple[float, ...], strength: float, within: float = 0.0) -> Image:
    """Light that falls off with the square of the distance, to nothing at `reach`; all lengths in cells.

    Args:
        within: half the sprite's size if larger than `reach`.
    """
    distance = _distances(max(reach, within))
    fall = strength / (1 + (distance / core) ** 2) * np.clip(1 - (distance / reach) ** 2, 0, 1) ** 2
    return _rgb(colour) * fall[..., None]


def _distances(reach: float) -> Image:
    along = (np.arange(2 * round(reach * CELL), dtype=np.float32) + 0.5) / CELL - reach
    return np.hypot(along[:, None], along)


def _lantern() -> tuple[Image, Image]:
    """The paper lantern, (H, W, 3), and how much it covers, (H, W, 1)."""
    distance = _distances(0.5)[..., None]
    paper = _rgb(PAPER) + (_rgb(FLAME) - _rgb(PAPER)) * _edge(0.17 - distance, 0.08)
    return paper * (1 - 0.5 * _edge(distance - 0.33, 0.06)), _edge(0.38 - distance, 0.03)


def _edge(inside: Image, softness: float) -> Image:
    """0 outside, 1 inside, smooth between -softness and softness."""
    part = np.clip(inside / (2 * softness) + 0.5, 0, 1)
    return part * part * (3 - 2 * part)


def _garden(land: Bits) -> Image:
    """How much light each pixel of the garden throws back, (HEIGHT, WIDTH, 3)."""
    random = np.random.default_rng(0)
    rough = sum(_blur(random.standard_normal((HEIGHT, WIDTH)), size) * size for size in (1, 3, 8)) / 3
    tiles = 1 + 0.08 * (np.indices(land.shape[1:]).sum(0) % 2 - 0.5)  # a hint of the cells
    ground = _rgb(GRASS) * (_grow(tiles) + 0.16 * rough)[..., None]

    hedge, water = (_rounded(land[plane]) for plane in (world.HEDGE, world.POND))
    shadow = np.roll(_blur(hedge, 5), (7, 5), (0, 1))
    ground = ground * (1 - 0.6 * shadow[..., None])
    bank = _blur(water, 4)
    ground = ground * (1 - 0.5 * bank[..., None])
    ripples = 1 + 0.35 * np.sin(np.indices(water.shape)[0] * 0.42 + 40 * _blur(rough, 12))
    ground = _over(ground, water, _rgb(WATER) * ripples[..., None])
    height = _blur(hedge, 4) * 6 + _blur(rough, 2) * 1.6
    slope = np.gradient(height)
    facing = np.clip(1 + 0.9 * (slope[0] + slope[1]), 0.25, 2.6)  # towards the moon, at the upper left
    ground = _over(ground, hedge, _rgb(HEDGE) * facing[..., None])
    for plane, sign in ((world.SLASH, -1), (world.BACKSLASH, 1)):
        for row, column in np.argwhere(land[plane]):
            window = _window(np.array([row, column], np.float32), CELL)
            ground[window] = _leaf(ground[window], sign)
    return (ground + HAZE).astype(np.float32)


def _leaf(ground: Image, sign: int) -> Image:
    """A leaf across the cell: along the diagonal (1) or the other one (-1)."""
    y, x = (np.indices((CELL, CELL), np.float32) + 0.5) / CELL - 0.5
    along, across = (x + sign * y) / 2**0.5, (x - sign * y) / 2**0.5
    width = 0.15 * np.clip(1 - (along / 0.58) ** 2, 0, 1)
    leaf = _edge(width - np.abs(across), 0.025)
    vein = 1 - 0.45 * _edge(0.02 - np.abs(across), 0.02) + 0.5 * across / 0.15 * sign
    return _over(ground, leaf, _rgb(LEAF) * vein[..., None])


def _over(below: Image, cover: Image, above: Image) -> Image:
    return below + (above - below) * cover[..., None]


def _rounded(cells: Bits) -> Image:
    """Cells as one soft-cornered shape, (HEIGHT, WIDTH) in 0..1; the garden's edge has no corner."""
    return _edge(_blur(_grow(np.pad(cells, 1, mode="edge")), 9)[CELL:-CELL, CELL:-CELL] - 0.5, 0.06)


def _grow(cells: NDArray[np.generic]) -> Image:
    return np.kron(cells, np.ones((CELL, CELL), np.float32)).astype(np.float32)


def _blur(image: Image, radius: int) -> Image:
    """Two box filters each way; the outermost pixels repeat."""
    for axis in (0, 1, 0, 1):
        width = 2 * radius + 1
        padded = np.pad(image, [(radius + 1, radius) if each == axis else (0, 0) for each in (0, 1)], mode="edge")
        sums = padded.cumsum(axis)
        size = image.shape[axis]
        image = (sums.take(range(width, width + size), axis) - sums.take(range(size), axis)) / width
    return image
