import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from support import pattern


@given(st.integers(0, pattern.NUMBERS - 1), st.sampled_from([(48, 32), (64, 64), (832, 480), (100, 500)]))
def test_what_was_drawn_is_read(number: int, size: tuple[int, int]) -> None:
    assert pattern.read(pattern.draw(number, *size)) == pattern.Reading(number, 0)


def test_a_picture_that_is_not_upright_is_noticed() -> None:
    picture = pattern.draw(7, 320, 240)
    for turned in (picture[::-1], picture[:, ::-1], np.rot90(picture), picture[:, :, ::-1]):
        assert not pattern.read(np.ascontiguousarray(turned)).colours_right


def test_a_flat_picture_has_no_number() -> None:
    for level in (0, 16, 128, 255):
        assert pattern.read(np.full((240, 320, 3), level, np.uint8)).number is None


def test_a_picture_too_small_to_read_has_no_number() -> None:
    assert pattern.read(np.zeros((8, 8, 3), np.uint8)) == pattern.Reading(None, 255)
