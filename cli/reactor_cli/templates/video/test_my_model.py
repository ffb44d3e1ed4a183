import numpy as np
from model_my_model import MyModel

from reactor_runtime.testing import playing


def test_the_picture_moves():
    with playing(MyModel(size=(120, 208))) as viewer:
        first, second = viewer.next_frames(2)
    assert first.shape == (120, 208, 3)
    assert first.std() > 20
    assert not np.array_equal(first, second)


def test_other_colours_are_shown_and_told():
    with playing(MyModel(size=(120, 208))) as viewer:
        red, _, blue = viewer.next_frame().mean(axis=(0, 1))
        assert red > blue
        viewer.send_command("set_colours", name="sea")
        red, _, blue = viewer.next_frames(4)[-1].mean(axis=(0, 1))
        assert blue > red
    assert viewer.messages == [{"type": "status", "colours": "sea"}]
