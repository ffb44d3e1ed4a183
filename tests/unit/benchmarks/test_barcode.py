import time

import numpy as np
import pytest

from benchmarks.barcode import Reading, draw, gradient, picture, read


def test_what_was_drawn_is_read() -> None:
    canvas = np.zeros((480, 832, 3), np.uint8)
    draw(canvas, 812, 1234.567891, tag=9)
    assert read(canvas) == Reading(812, 1234.567891, 9)


def test_it_survives_noise() -> None:
    canvas = np.full((480, 832, 3), 200, np.uint8)
    draw(canvas, 2**24 - 1, 5e7, tag=255)
    noise = np.random.default_rng(1).integers(-60, 60, canvas.shape)
    assert read(np.clip(canvas + noise, 0, 255).astype(np.uint8)) == Reading(2**24 - 1, 5e7, 255)


@pytest.mark.parametrize("value", [0, 16, 128, 255])
def test_a_flat_picture_says_nothing(value: int) -> None:
    assert read(np.full((480, 832, 3), value, np.uint8)) is None


def test_a_picture_too_small_says_nothing() -> None:
    assert read(np.zeros((64, 64, 3), np.uint8)) is None


def test_a_drawn_picture_tells_when_it_was_drawn() -> None:
    before_s = time.monotonic()
    found = read(picture(gradient(832, 480), 3, tag=1))
    assert found is not None
    assert (found.number, found.tag) == (3, 1)
    assert before_s - 1e-5 <= found.drawn_at_s <= time.monotonic()
