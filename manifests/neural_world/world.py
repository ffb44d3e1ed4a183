"""Fireflies at night: the true game, which the network learns. A session takes only its first state from here.

A garden of 12 x 20 cells. You carry a lantern and walk with w, a, s, d around hedges, ponds and leaves. Fireflies fly
straight on, one cell a step. A hedge throws them back, a leaf turns them aside, and your lantern turns them to their
left. They light up where they come within one cell of the lantern, and a pond puts them out again.

Each rule looks only at a cell and those around it, nothing is left to chance, and no firefly is ever lost: in every
cell at most one flies in each direction, and every rule keeps it so.
"""

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.bool_]  # (N, PLANES, rows, columns)
Cells = NDArray[np.bool_]  # (N, rows, columns)
Keys = NDArray[np.bool_]  # (N, 4): w, a, s, d

ROWS, COLUMNS = 12, 20
WAYS = ((-1, 0), (0, -1), (1, 0), (0, 1))  # (rows, columns) of w, a, s, d: in this order everywhere
HEDGE, POND, SLASH, BACKSLASH, PLAYER = range(5)  # planes of a state; slashes are leaves
LAND = slice(HEDGE, PLAYER)
WILD, LIT = slice(5, 9), slice(9, 13)  # fireflies by the way they fly
PLANES = 13
FIREFLIES = 14  # in a garden

_TRIES = 1000


def step(states: States, keys: Keys) -> States:
    """The next state of each of N gardens."""
    after = states.copy()
    hedge, pond = states[:, HEDGE], states[:, POND]
    player = after[:, PLAYER] = _walk(states[:, PLAYER], states[:, LAND].any(1), keys)
    wild, lit = (_turn(_fly(states[:, kind], hedge), states, player) for kind in (WILD, LIT))
    near = _around(player)[:, None]
    after[:, LIT] = (lit & ~pond[:, None]) | (wild | lit) & near
    after[:, WILD] = (wild | lit) & ~after[:, LIT]
    return after


def _walk(player: Cells, solid: Cells, keys: Keys) -> Cells:
    """Up or down, then left or right, each only where the way is free; opposite keys cancel each other."""
    wanted = keys & ~np.roll(keys, 2, axis=1)
    for way in (0, 2, 1, 3):
        target = _shift(player, way) & ~solid
        goes = wanted[:, way] & target.any((1, 2))
        player = np.where(goes[:, None, None], target, player)
    return player


def _fly(flies: States, hedge: Cells) -> States:
    """Which way they arrive in each cell: from the next cell, or thrown back by a hedge."""
    arrived = np.zeros_like(flies)
    for way in range(4):
        arrived[:, way] |= _shift(flies[:, way], way) & ~hedge
        arrived[:, _back(way)] |= flies[:, way] & _shift(hedge, _back(way))
    return arrived


def _turn(arrived: States, states: States, player: Cells) -> States:
    """Which way they leave: leaves are mirrors, the lantern turns them left."""
    turned = np.where(states[:, [SLASH]], arrived[:, [3, 2, 1, 0]], arrived)
    turned = np.where(states[:, [BACKSLASH]], arrived[:, [1, 0, 3, 2]], turned)
    return np.where(player[:, None], np.roll(arrived, 1, axis=1), turned)


def _around(cells: Cells) -> Cells:
    """These cells and their eight neighbours."""
    rows = cells | _shift(cells, 0) | _shift(cells, 2)
    return rows | _shift(rows, 1) | _shift(rows, 3)


def _shift(cells: Cells, way: int) -> Cells:
    return np.roll(cells, WAYS[way], axis=(1, 2))  # what leaves at one side is in the hedge at the other


def _back(way: int) -> int:
    return (way + 2) % 4


def garden(seed: int) -> States:
    """The beginning of a game, one state: all of the grass can be reached, no firefly is lit."""
    random = np.random.default_rng(seed)
    for _ in range(_TRIES):
        state = np.zeros((1, PLANES, ROWS, COLUMNS), np.bool_)
        _lay_out(state[0], random)
        grass = ~state[:, LAND].any(1)
        state[0, PLAYER].flat[random.choice(np.flatnonzero(grass))] = True
        if np.array_equal(_reachable(state[:, PLAYER], grass), grass):
            _let_fly(state[0, WILD], grass[0], random)
            return state
    raise AssertionError(f"no garden found for seed {seed}")  # one in five is good


def _lay_out(state: NDArray[np.bool_], random: np.random.Generator) -> None:
    for plane, count, longest in ((HEDGE, 7, 5), (POND, 3, 3)):
        for _ in range(count):
            height, width = random.permuted([int(random.integers(1, longest + 1)), 1 + (plane == POND)])
            top, left = random.integers(2, ROWS - 1 - height), random.integers(2, COLUMNS - 1 - width)
            state[LAND, top : top + height, left : left + width] = False
            state[plane, top : top + height, left : left + width] = True
    for _ in range(12):
        row, column = random.integers(1, ROWS - 1), random.integers(1, COLUMNS - 1)
        if not state[LAND, row, column].any():
            state[random.choice([SLASH, BACKSLASH]), row, column] = True
    _fence(state[None])


def _fence(states: States) -> None:
    """A hedge all around."""
    inside = states[:, LAND, 1:-1, 1:-1].copy()
    states[:, LAND] = False
    states[:, HEDGE] = True
    states[:, LAND, 1:-1, 1:-1] = inside


def _reachable(player: Cells, grass: Cells) -> Cells:
    reached = player
    for _ in range(ROWS * COLUMNS):
        reached = reached | grass & np.logical_or.reduce([_shift(reached, way) for way in range(4)])
    return reached


def _let_fly(wild: NDArray[np.bool_], grass: NDArray[np.bool_], random: np.random.Generator) -> None:
    for place in random.choice(np.flatnonzero(grass), FIREFLIES, replace=False):
        wild[random.integers(4)].flat[place] = True


def examples(count: int, random: np.random.Generator, rows: int = ROWS, columns: int = COLUMNS) -> tuple[States, Keys]:
    """States to learn from, and keys: any that could be, crowded, so that everything that can happen happens often."""
    states = np.zeros((count, PLANES, rows, columns), np.bool_)
    land = random.choice(5, (count, rows, columns), p=(0.72, 0.1, 0.08, 0.05, 0.05))
    for plane in range(PLAYER):
        states[:, plane] = land == plane + 1
    _fence(states)
    fly = random.random((count, 4, rows, columns)) < random.uniform(0.01, 0.12, (count, 1, 1, 1))
    fly &= ~states[:, [HEDGE]]
    lit = random.random(fly.shape) < 0.5
    states[:, WILD], states[:, LIT] = fly & ~lit, fly & lit
    grass = ~states[:, LAND].any(1)
    place = (random.random(grass.shape) * grass).reshape(count, -1).argmax(1)
    states[:, PLAYER].reshape(count, -1)[np.arange(count), place] = True
    return states, random.random((count, 4)) < 0.4
