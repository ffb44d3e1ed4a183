"""The default example: rich from the first picture on, in motion, and every command is seen."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

Load = Callable[[str, str], ModuleType]
SMALL = (120, 208)  # a quarter of the real size: the same film at a sixteenth of the cost


@pytest.fixture
def make_ink(load_example: Load) -> Callable[..., Any]:
    module = load_example("ink", "model_ink")

    def make(size: tuple[int, int] = SMALL, seed: int = 7) -> Any:
        return module.Ink(size=size, fps=30, seed=seed)

    return make


def film(ink: Any, frames: int) -> np.ndarray[Any, Any]:
    return np.stack([ink.next_frame() for _ in range(frames)]).astype(np.float32)


def difference(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Mean absolute difference of a channel, 0..255."""
    return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).mean())


def change_by(make_ink: Callable[..., Any], command: Callable[[Any], None], frames: int = 20) -> float:
    """How far a film with the command is from the same film without it, at its end."""
    plain, commanded = make_ink(), make_ink()
    command(commanded)
    return difference(film(plain, frames)[-1], film(commanded, frames)[-1])


def test_frames_have_the_size_and_type_of_the_manifest(make_ink: Callable[..., Any]) -> None:
    frame = make_ink(size=(480, 832)).next_frame()
    assert frame.shape == (480, 832, 3)
    assert frame.dtype == np.uint8


def test_the_first_picture_is_already_rich(make_ink: Callable[..., Any]) -> None:
    first = make_ink().next_frame()
    assert first.std() > 40
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 2000


def test_it_moves_in_every_frame_without_jumping(make_ink: Callable[..., Any]) -> None:
    steps = np.abs(np.diff(film(make_ink(size=(480, 832)), 12), axis=0)).mean(axis=(1, 2, 3))
    assert steps.min() > 1
    assert steps.max() < 40


def test_it_stays_rich_for_minutes(make_ink: Callable[..., Any]) -> None:
    ink = make_ink(size=(60, 104))
    pictures = film(ink, 30 * 90)[::300]
    assert pictures.std(axis=(1, 2, 3)).min() > 30
    assert np.isfinite(ink._fluid.folds).all()


def test_the_same_seed_gives_the_same_film(make_ink: Callable[..., Any]) -> None:
    assert np.array_equal(film(make_ink(seed=3), 10), film(make_ink(seed=3), 10))
    assert difference(film(make_ink(seed=3), 10), film(make_ink(seed=4), 10)) > 20


@pytest.mark.parametrize(
    ("command", "at_least"),
    [
        pytest.param(lambda ink: ink.set_palette("ocean"), 20, id="set_palette"),
        pytest.param(lambda ink: ink.set_speed(300.0), 5, id="set_speed up"),
        pytest.param(lambda ink: ink.set_speed(0.0), 5, id="set_speed down"),
        pytest.param(lambda ink: ink.set_gloss(0.0), 2, id="set_gloss"),
        pytest.param(lambda ink: ink.set_turns(3), 20, id="set_turns"),
        pytest.param(lambda ink: ink.set_stirring(on=False), 1, id="set_stirring"),
        pytest.param(lambda ink: ink.write("HELLO"), 5, id="write"),
        pytest.param(lambda ink: ink.splash(), 3, id="splash"),
        pytest.param(lambda ink: ink.restart(seed=99), 20, id="restart"),
    ],
)
def test_a_command_changes_the_picture(
    make_ink: Callable[..., Any], command: Callable[[Any], None], at_least: float
) -> None:
    assert change_by(make_ink, command) > at_least


def test_every_palette_looks_different(make_ink: Callable[..., Any], load_example: Load) -> None:
    pictures = []
    for name in load_example("ink", "paint").PALETTES:
        ink = make_ink()
        ink.set_palette(name)
        pictures.append(film(ink, 40)[-1])
    differences = [difference(a, b) for i, a in enumerate(pictures) for b in pictures[:i]]
    assert min(differences) > 15


def test_a_touch_shows_in_the_next_frame_and_only_there(make_ink: Callable[..., Any]) -> None:
    plain, touched = make_ink(), make_ink()
    touched.stir(0.25, 0.5)
    changed = np.abs(film(plain, 1)[0] - film(touched, 1)[0]).mean(axis=2)
    assert changed[50:70, 42:62].mean() > 15
    assert changed[:, 120:190].mean() < 0.5


def test_a_stroke_moves_the_water_along(make_ink: Callable[..., Any]) -> None:
    ink = make_ink()
    ink._fluid.calm(0.0)
    for number in range(6):
        ink._drag(0.3 + 0.05 * number, 0.5, number / 30)
    ink._fluid.step(1 / 30, None)
    assert ink._fluid.speed > 5


def test_without_stirring_the_water_comes_to_rest(make_ink: Callable[..., Any]) -> None:
    ink = make_ink()
    film(ink, 5)
    before = ink._fluid.speed
    ink.set_stirring(on=False)
    film(ink, 300)
    assert ink._fluid.speed < before / 2


def test_a_word_can_be_read_where_it_was_written(load_example: Load) -> None:
    word, ground = load_example("ink", "letters").word_masks("I", 240, 416)
    assert word.max() == pytest.approx(1)
    assert word[120, 208] > 0.9  # the stem of the I, in the middle
    assert word[:, :100].max() == 0
    assert (ground >= word - 0.05).all()


def test_characters_that_the_font_lacks_become_question_marks(load_example: Load) -> None:
    letters = load_example("ink", "letters")
    assert np.array_equal(letters.word_masks("字", 240, 416)[0], letters.word_masks("?", 240, 416)[0])


def test_every_glyph_has_seven_rows_of_five_dots(load_example: Load) -> None:
    font = load_example("ink", "letters").FONT
    assert all(len(rows) == 7 and all(int(row, 32) < 32 for row in rows) for rows in font.values())
    assert set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !?") <= font.keys()


def test_every_setting_is_told_to_the_front_end(make_ink: Callable[..., Any], told: Any) -> None:
    make_ink().set_palette("noir")
    assert told.messages == [
        {"type": "status", "status": "stirring", "palette": "noir", "speed": 110.0, "gloss": 0.7, "turns": 1}
    ]


def test_a_flood_of_commands_is_bounded(make_ink: Callable[..., Any]) -> None:
    ink = make_ink()
    for number in range(1000):
        ink.stir(number / 1000, 0.5)
    assert len(ink._notes) <= 64
    ink.next_frame()
    assert not ink._notes


def test_a_size_that_the_grid_cannot_hold_is_refused(make_ink: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="multiples of 4, found 481 x 832"):
        make_ink(size=(481, 832))
