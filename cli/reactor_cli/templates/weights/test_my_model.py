import numpy as np
import pytest
from make_weights import make
from model_my_model import MyModel

from reactor_runtime.testing import playing


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("REACTOR_REGISTRY_CACHE", str(tmp_path))
    make(tmp_path / "my-model-network")
    return MyModel(size=(120, 208))


def test_the_picture_moves(model):
    with playing(model) as viewer:
        viewer.send_command("set_speed", speed=5)
        first, *_, last = viewer.next_frames(4)
    assert first.shape == (120, 208, 3)
    assert first.std() > 20
    assert not np.array_equal(first, last)


def test_zooming_in_makes_it_smoother_and_is_told(model):
    with playing(model) as viewer:
        rough = np.abs(np.diff(viewer.next_frame().astype(int), axis=1)).mean()
        viewer.send_command("set_zoom", zoom=4)
        smooth = np.abs(np.diff(viewer.next_frames(4)[-1].astype(int), axis=1)).mean()
    assert smooth < rough
    assert viewer.messages == [{"type": "status", "zoom": 4.0}]


def test_other_weights_are_another_dream(model, tmp_path):
    before = model.dream()
    make(tmp_path / "my-model-network", seed=5)
    assert not np.allclose(before, MyModel(size=(120, 208)).dream())
