import numpy as np
from model_my_model import PAST, MyModel

from reactor_runtime.testing import playing

WHITE = np.full((90, 160, 3), 255, np.uint8)


def test_lights_move_until_a_camera_is_there():
    with playing(MyModel(size=(120, 160), fps=200)) as viewer:
        first, *_, last = viewer.next_frames(10)
    assert first.shape == (120, 160, 3)
    assert first.std() > 5
    assert not np.array_equal(first, last)


def test_the_camera_comes_in_from_the_top():
    with playing(MyModel(size=(120, 160), fps=200)) as viewer:
        viewer.next_frames(PAST)
        viewer.show_camera(WHITE)
        bent = viewer.next_frames(PAST // 2)[-1]
        assert bent[0].min() == 255
        assert bent[-1].mean() < 200
        assert viewer.next_frames(PAST + 4)[-1].min() == 255


def test_without_delay_it_is_a_plain_mirror():
    half = np.zeros((120, 160, 3), np.uint8)
    half[:, :80] = 255
    with playing(MyModel(size=(120, 160), fps=200)) as viewer:
        viewer.send_command("set_delay", delay=0)
        viewer.show_camera(half)
        assert np.array_equal(viewer.next_frames(4)[-1], half[:, ::-1])


def test_time_can_go_to_the_right():
    with playing(MyModel(size=(120, 160), fps=200)) as viewer:
        viewer.next_frames(PAST)
        viewer.send_command("set_direction", direction="right")
        viewer.show_camera(WHITE)
        bent = viewer.next_frames(PAST // 2)[-1]
    assert bent[:, 0].min() == 255
    assert bent[:, -1].mean() < 200
    assert viewer.messages == [{"type": "status", "direction": "right"}]
