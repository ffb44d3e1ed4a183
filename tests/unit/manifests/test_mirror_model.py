"""The camera example, on photographs that move as a hand-held camera would show them."""

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from support.pictures import PHOTOGRAPHS, moving_photograph

Load = Callable[[str, str], ModuleType]
EFFECTS = ("echo", "neon", "kaleidoscope", "prism")
HEIGHT, WIDTH = 240, 320
Pictures = list[np.ndarray[Any, Any]]


@pytest.fixture
def make_mirror(load_example: Load) -> Callable[..., Any]:
    module = load_example("mirror", "model_mirror")

    def make(effect: str = "echo", **settings: Any) -> Any:
        mirror = module.Mirror(size=(HEIGHT, WIDTH), fps=30)
        mirror.effect = effect
        mirror.mirrored = False
        for name, value in settings.items():
            setattr(mirror, name, value)
        return mirror

    return make


@pytest.fixture(scope="module")
def camera() -> Pictures:
    return list(moving_photograph("astronaut", height=HEIGHT, width=WIDTH, frames=30))


def watch(mirror: Any, camera: Pictures) -> np.ndarray[Any, Any]:
    """What the viewer sees while the camera shows that film."""
    seen = []
    for number, frame in enumerate(camera):
        mirror._camera = frame, number / 30
        seen.append(mirror.next_frame(number / 30))
    return np.stack(seen).astype(np.float32)


def difference(one: Any, other: Any) -> float:
    """Mean absolute difference of a channel, 0..255."""
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).mean())


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_test_camera_shows_a_moving_photograph(name: str) -> None:
    pictures = list(moving_photograph(name, height=HEIGHT, width=WIDTH, frames=30))
    assert {picture.shape for picture in pictures} == {(HEIGHT, WIDTH, 3)}
    assert pictures[0].std() > 20
    assert min(difference(a, b) for a, b in pairwise(pictures)) > 1


@pytest.mark.parametrize("effect", EFFECTS)
def test_an_effect_gives_moving_pictures_of_the_right_size(
    make_mirror: Callable[..., Any], camera: Pictures, effect: str
) -> None:
    seen = watch(make_mirror(effect), camera)
    assert seen.shape == (30, HEIGHT, WIDTH, 3)
    assert make_mirror(effect).next_frame(0.0).dtype == np.uint8
    assert np.abs(np.diff(seen, axis=0)).mean(axis=(1, 2, 3)).min() > 0.3


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("photograph", ["astronaut", "coffee"])
def test_an_effect_changes_the_camera_picture_visibly(
    make_mirror: Callable[..., Any], effect: str, photograph: str
) -> None:
    film = list(moving_photograph(photograph, height=HEIGHT, width=WIDTH, frames=30))
    seen = watch(make_mirror(effect, strength=0.9), film)
    assert difference(seen[-1], film[-1]) > 10
    assert seen[-1].std() > 20  # and something is to be seen


@pytest.mark.parametrize("effect", EFFECTS)
def test_no_strength_is_a_plain_mirror(make_mirror: Callable[..., Any], camera: Pictures, effect: str) -> None:
    seen = watch(make_mirror(effect, strength=0.0), camera)
    assert difference(seen[-1], camera[-1]) < 1.5


def test_the_effects_differ_from_each_other(make_mirror: Callable[..., Any], camera: Pictures) -> None:
    last = [watch(make_mirror(effect), camera)[-1] for effect in EFFECTS]
    assert min(difference(a, b) for i, a in enumerate(last) for b in last[:i]) > 10


@pytest.mark.parametrize("effect", EFFECTS)
def test_the_hue_changes_the_picture(make_mirror: Callable[..., Any], camera: Pictures, effect: str) -> None:
    plain, turned = watch(make_mirror(effect), camera), watch(make_mirror(effect, hue=0.4), camera)
    assert difference(plain[-1], turned[-1]) > 1.5


def test_mirrored_swaps_left_and_right(make_mirror: Callable[..., Any], camera: Pictures) -> None:
    seen = watch(make_mirror("prism", strength=0.0, mirrored=True), camera)
    assert difference(seen[-1], camera[-1][:, ::-1]) < 1.5
    assert difference(seen[-1], camera[-1]) > 20


def test_segments_change_the_kaleidoscope(make_mirror: Callable[..., Any], camera: Pictures) -> None:
    few, many = (watch(make_mirror("kaleidoscope", segments=n), camera)[-1] for n in (4, 12))
    assert difference(few, many) > 5


def test_the_kaleidoscope_is_symmetric_around_its_centre(make_mirror: Callable[..., Any], camera: Pictures) -> None:
    seen = watch(make_mirror("kaleidoscope", segments=4, strength=1.0), camera)[-1]
    square = seen[:, 40:280]
    assert difference(square, np.rot90(square)) < 6  # nearest pixels: edges may be one off
    assert difference(square, seen[:, :240]) > 15


def test_the_echo_outlives_the_movement_and_fades(make_mirror: Callable[..., Any], camera: Pictures) -> None:
    mirror = make_mirror("echo", strength=1.0)
    watch(mirror, camera)
    still = watch(mirror, [camera[-1]] * 90)
    settled = still[-1]
    assert difference(still[5], settled) > 8
    assert difference(still[60], settled) < difference(still[5], settled) / 4


def test_wipe_takes_the_trails_away(make_mirror: Callable[..., Any], camera: Pictures) -> None:
    mirror = make_mirror("echo", strength=1.0)
    watch(mirror, camera)
    with_trails = watch(mirror, [camera[-1]])[0]
    mirror.wipe()
    wiped = watch(mirror, [camera[-1]])[0]
    assert difference(with_trails, wiped) > 8


def test_without_a_camera_a_picture_is_animated(make_mirror: Callable[..., Any]) -> None:
    mirror = make_mirror("prism", strength=0.0)
    seen = np.stack([mirror.next_frame(number / 30) for number in range(30)]).astype(np.float32)
    assert seen.std() > 15
    assert np.abs(np.diff(seen, axis=0)).mean(axis=(1, 2, 3)).min() > 0.1


def test_a_camera_that_is_switched_off_brings_that_picture_back(
    make_mirror: Callable[..., Any], camera: Pictures
) -> None:
    mirror = make_mirror("prism", strength=0.0)
    watch(mirror, camera)
    stalled, gone = mirror.next_frame(1.9), mirror.next_frame(4.0)
    assert difference(stalled, camera[-1]) < 1.5
    assert difference(gone, camera[-1]) > 20


@pytest.mark.parametrize("shape", [(720, 1280), (480, 640), (90, 160), (640, 360)])
def test_a_camera_of_any_size_fills_the_picture(make_mirror: Callable[..., Any], shape: tuple[int, int]) -> None:
    mirror = make_mirror("prism", strength=0.0)
    film = list(moving_photograph("coffee", height=shape[0], width=shape[1], frames=2))
    seen = watch(mirror, film)[-1]
    assert seen.shape == (HEIGHT, WIDTH, 3)
    assert abs(seen.mean() - film[-1].mean()) < 25
    assert min(seen[:8].std(), seen[-8:].std(), seen[:, :8].std(), seen[:, -8:].std()) > 3


def test_on_frame_is_where_the_camera_arrives(
    make_mirror: Callable[..., Any], camera: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = make_mirror("prism", strength=0.0)
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    mirror.on_frame(camera[3])
    assert mirror.sees_camera(101.0)
    assert not mirror.sees_camera(103.0)
    assert difference(mirror.next_frame(100.1), camera[3]) < 1.5


@pytest.mark.parametrize(
    ("command", "told_setting"),
    [
        (lambda mirror: mirror.set_effect("prism"), {"effect": "prism"}),
        (lambda mirror: mirror.set_strength(0.25), {"strength": 0.25}),
        (lambda mirror: mirror.set_hue(0.5), {"hue": 0.5}),
        (lambda mirror: mirror.set_mirrored(on=True), {"mirrored": True}),
        (lambda mirror: mirror.set_segments(5), {"segments": 5}),
    ],
)
def test_a_command_is_told_to_the_front_end(
    make_mirror: Callable[..., Any], told: Any, command: Callable[[Any], None], told_setting: dict[str, Any]
) -> None:
    command(make_mirror())
    assert told.messages[-1].items() >= {"type": "status", **told_setting}.items()
