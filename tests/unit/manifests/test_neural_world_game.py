"""The game that the neural world has learned, rule by rule. Gardens are drawn as text.

`#` hedge, `~` pond, `/` and `\\` leaves, `@` player, `^<v>` fireflies, `NWSE` lit ones.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

Load = Callable[[str, str], ModuleType]
SIGNS = "#~/\\@^<v>NWSE"  # by plane


@pytest.fixture
def world(load_example: Load) -> ModuleType:
    return load_example("neural_world", "world")


def read(world: ModuleType, rows: list[str]) -> Any:
    """A state of these cells, with a hedge around them."""
    cells = [list(row.replace(" ", "")) for row in rows]
    state = np.zeros((1, world.PLANES, len(cells) + 2, len(cells[0]) + 2), np.bool_)
    state[0, world.HEDGE] = True
    for row, line in enumerate(cells, 1):
        for column, sign in enumerate(line, 1):
            state[0, :, row, column] = [sign == each for each in SIGNS]
    return state


def write(state: Any) -> list[str]:
    """The same way back: a firefly hides what is under it."""
    shown = np.full(state.shape[2:], ".")
    for plane, sign in enumerate(SIGNS):
        shown[state[0, plane]] = sign
    return ["".join(line) for line in shown[1:-1, 1:-1]]


def after(world: ModuleType, rows: list[str], keys: str = "", steps: int = 1) -> list[str]:
    state = read(world, rows)
    for _ in range(steps):
        state = world.step(state, np.array([[key in keys for key in "wasd"]]))
    return write(state)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        pytest.param(">..", ".>.", id="straight on"),
        pytest.param(">#.", "<#.", id="thrown back by a hedge"),
        pytest.param("E~.", ".>.", id="put out by a pond"),
        pytest.param("E..", ".E.", id="lit elsewhere for ever"),
    ],
)
def test_a_firefly_flies(world: ModuleType, row: str, wanted: str) -> None:
    assert after(world, [row, "...", "...", "@.."])[0] == wanted


@pytest.mark.parametrize(("leaf", "wanted"), [("/", "^"), ("\\", "v")])
def test_a_leaf_turns_a_firefly_aside(world: ModuleType, leaf: str, wanted: str) -> None:
    assert after(world, [".....", f".>{leaf}..", ".....", ".....", "....@"])[1] == f"..{wanted}.."


def test_a_hedge_throws_back_at_the_place_itself_and_loses_nothing(world: ModuleType) -> None:
    assert [after(world, ["#>#", "...", "...", "..@"], steps=n)[0] for n in range(3)] == ["#>#", "#<#", "#>#"]


@pytest.mark.parametrize(
    ("keys", "place"),
    [("w", (0, 1)), ("a", (1, 0)), ("s", (2, 1)), ("d", (1, 2)), ("wd", (0, 2)), ("ws", (1, 1)), ("wasd", (1, 1))],
)
def test_the_player_goes_where_the_keys_say(world: ModuleType, keys: str, place: tuple[int, int]) -> None:
    rows = after(world, ["...", ".@.", "..."], keys)
    assert [(row, line.index("@")) for row, line in enumerate(rows) if "@" in line] == [place]


@pytest.mark.parametrize("obstacle", "#~/\\")
def test_nobody_walks_over_hedges_ponds_and_leaves(world: ModuleType, obstacle: str) -> None:
    assert after(world, [f"@{obstacle}.", "..."], "d") == [f"@{obstacle}.", "..."]
    assert after(world, [f"@{obstacle}.", "..."], "sd") == [f".{obstacle}.", ".@."]


def test_the_lantern_lights_what_comes_within_one_cell(world: ModuleType) -> None:
    assert after(world, [".....", "@..<.", "....."])[1] == "@.<.."
    assert after(world, [".....", "@..<.", "....."], steps=2)[1] == "@W..."


def test_the_lantern_turns_left_what_comes_to_it(world: ModuleType) -> None:
    state = world.step(read(world, ["...", "@<.", "..."]), np.zeros((1, 4), np.bool_))
    assert np.argwhere(state[0, world.LIT]).tolist() == [[2, 2, 1]]  # downwards, in the player's cell


def test_no_firefly_is_ever_lost_and_there_is_always_one_player(world: ModuleType) -> None:
    random = np.random.default_rng(5)
    states, _ = world.examples(32, random)
    before = states[:, world.WILD.start :].sum((1, 2, 3))
    for _ in range(50):
        states = world.step(states, random.random((32, 4)) < 0.4)
    assert (states[:, world.WILD.start :].sum((1, 2, 3)) == before).all()
    assert (states[:, world.PLAYER].sum((1, 2)) == 1).all()


def test_two_fireflies_never_share_a_way(world: ModuleType) -> None:
    states, keys = world.examples(32, np.random.default_rng(6))
    states = world.step(states, keys)
    assert not (states[:, world.WILD] & states[:, world.LIT]).any()


@pytest.mark.parametrize("seed", [0, 1, 11, 12345])
def test_a_garden_is_whole(world: ModuleType, seed: int) -> None:
    (state,) = world.garden(seed)
    grass = ~state[world.LAND].any(0)
    assert state.shape == (world.PLANES, world.ROWS, world.COLUMNS)
    assert (state[world.WILD].sum(), state[world.LIT].sum()) == (world.FIREFLIES, 0)
    assert state[world.PLAYER].sum() == 1
    assert grass[state[world.PLAYER]].all()
    assert not grass[[0, -1]].any()
    assert not grass[:, [0, -1]].any()
    assert np.array_equal(world.garden(seed)[0], state)
