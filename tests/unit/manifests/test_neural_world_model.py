"""The neural world with the weights that it ships with: it dreams the true game, and its pictures show it."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from support.lantern import lantern_cell

Load = Callable[[str, str], ModuleType]
WEIGHTS = Path(__file__).parents[3] / "manifests" / "neural_world" / "registry" / "NeuralWorld"
CPU = torch.device("cpu")


@pytest.fixture
def make_model(load_example: Load, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    module = load_example("neural_world", "model_neural_world")
    monkeypatch.setattr(module.NeuralWorld, "weights", staticmethod(WEIGHTS.with_name))
    make: Callable[..., Any] = module.NeuralWorld
    return make


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine several would wait for each other; the model itself takes one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return load_file(WEIGHTS / "world.safetensors")


def play(model: Any, steps: int, keys: str = "") -> Any:
    """The picture after that many steps of the world."""
    model.send_keyboard_state(**{key: key in keys for key in "wasd"})
    goal = model.steps + steps
    while model.steps < goal or model._part < 0.99:
        picture = model.next_frame()
    return picture


def test_the_network_says_something_about_every_plane_of_every_cell(load_example: Load) -> None:
    network = load_example("neural_world", "network").Network()
    assert network(torch.zeros(2, 13, 12, 20), torch.zeros(2, 4)).shape == (2, 13, 12, 20)


def test_a_decision_is_bits_with_one_player(load_example: Load) -> None:
    states = load_example("neural_world", "network").decide(torch.randn(3, 13, 12, 20))
    assert set(states.unique().tolist()) == {0.0, 1.0}
    assert (states[:, 4].sum((1, 2)) == 1).all()


def test_the_weights_are_small(weights: dict[str, torch.Tensor]) -> None:
    assert (WEIGHTS / "world.safetensors").stat().st_size < 4 * 2**20
    assert all(tensor.isfinite().all() for tensor in weights.values())


def test_free_running_stays_the_true_game(load_example: Load) -> None:
    rollouts = load_example("neural_world", "rollouts")
    network = load_example("neural_world", "network").load(WEIGHTS, CPU)
    errors = rollouts.free_running(network, rollouts=16, steps=200, seed=3)
    assert errors.wrong_bits < 0.0001
    assert errors.wrong_player < 0.005
    assert errors.exact[200] > 0.9  # all of them where it was measured; another processor rounds differently
    assert errors.fireflies == (14, 14)


def test_the_measure_sees_a_network_that_knows_nothing(load_example: Load) -> None:
    torch.manual_seed(0)
    network = load_example("neural_world", "network").Network()
    errors = load_example("neural_world", "rollouts").free_running(network, rollouts=2, steps=10)
    assert errors.wrong_bits > 0.01
    assert errors.exact == {10: 0.0}


def test_training_is_the_same_whether_interrupted_or_not(
    load_example: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = load_example("neural_world", "train")
    for name, value in (("SMALL", (2, 8, 8)), ("LARGE", (1, 8, 8)), ("CHECKPOINT_EVERY", 2)):
        monkeypatch.setattr(train, name, value)
    whole = train.Training(4, 9)
    whole.run(tmp_path / "whole")
    learn, steps = train.Training._learn, iter(range(3))

    def learn_thrice(training: Any) -> Any:
        next(steps)
        return learn(training)

    with (
        monkeypatch.context() as patch,
        pytest.raises(StopIteration),
    ):  # in the fourth step, the second since a checkpoint
        patch.setattr(train.Training, "_learn", learn_thrice)
        train.Training(4, 9).run(tmp_path / "part")
    rest = train.Training.resumed(tmp_path / "part")
    rest.run(tmp_path / "part")
    assert rest.losses == whole.losses
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, rest.network.state_dict()[name]), name


def test_frames_are_pictures_of_480_by_800(make_model: Callable[..., Any]) -> None:
    picture = make_model().next_frame()
    assert picture.shape == (480, 800, 3)
    assert picture.dtype == torch.uint8
    assert picture.float().std() > 15


def test_the_lantern_in_the_picture_walks_as_the_keys_say(make_model: Callable[..., Any], load_example: Load) -> None:
    model = make_model(seed=2)
    world = load_example("neural_world", "world")
    state = world.garden(2)
    for keys in ["d", "d", "w", "wa", "a", "s", "sd", ""] * 2:
        picture = play(model, 1, keys)
        state = world.step(state, np.array([[key in keys for key in "wasd"]]))
        assert lantern_cell(picture.numpy()) == tuple(np.argwhere(state[0, world.PLAYER])[0])


def test_a_tap_between_two_steps_counts(make_model: Callable[..., Any]) -> None:
    tapped, idle = make_model(), make_model()
    for keys in "wasd":
        tapped.send_keyboard_state(**{keys: True})
        tapped.send_keyboard_state()
        before = lantern_cell(play(idle, 1).numpy())
        if lantern_cell(play(tapped, 1).numpy()) != before:
            return
    raise AssertionError("the lantern stands still")


def test_fireflies_move_between_two_steps_too(make_model: Callable[..., Any]) -> None:
    model = make_model()
    pictures = [model.next_frame().float() for _ in range(4)]
    assert all((one - other).abs().max() > 20 for one, other in pairwise(pictures))


def test_the_same_seed_gives_the_same_garden(make_model: Callable[..., Any]) -> None:
    model = make_model()
    pictures = []
    for seed in (None, 4, None, 4):
        model.reset(seed)
        pictures.append(model.next_frame())
    assert torch.equal(pictures[0], pictures[2])
    assert torch.equal(pictures[1], pictures[3])
    assert not torch.equal(pictures[0], pictures[1])


def test_speed_says_how_many_steps_are_made(make_model: Callable[..., Any]) -> None:
    model = make_model(fps=30)
    model.set_speed(15)
    before = model.steps
    for _ in range(60):
        model.next_frame()
    assert model.steps - before == pytest.approx(30, abs=1)


def test_settings_are_told_to_the_front_end(make_model: Callable[..., Any], told: Any) -> None:
    make_model().set_speed(9)
    assert told.messages == [{"type": "status", "status": "playing", "speed": 9, "device": told.messages[0]["device"]}]


def test_a_flood_of_keys_is_bounded(make_model: Callable[..., Any]) -> None:
    model = make_model()
    for number in range(1000):
        model.send_keyboard_state(w=number % 2 == 0)
    assert len(model._presses) <= 64
    play(model, 1)
    assert not model._presses
