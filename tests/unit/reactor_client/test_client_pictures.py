"""Turning a picture upright, and writing it down."""

import io

import numpy as np
import pytest
from skimage import io as image_io

from reactor_client.frame import upright
from reactor_client.png import encode_png
from support.pictures import moving_photograph


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_picture_is_turned_clockwise(turns: int) -> None:
    photograph = next(moving_photograph(height=96, width=128))
    seen = np.ascontiguousarray(np.rot90(photograph, k=turns))  # counter-clockwise: what the sensor saw
    height, width = seen.shape[:2]
    turned = upright(bytearray(seen.tobytes()), width, height, turns)
    np.testing.assert_array_equal(turned, photograph)
    assert turned.flags.writeable
    assert turned.flags.c_contiguous


def test_a_png_holds_every_pixel() -> None:
    photograph = next(moving_photograph(height=95, width=127))
    np.testing.assert_array_equal(image_io.imread(io.BytesIO(encode_png(photograph))), photograph)
