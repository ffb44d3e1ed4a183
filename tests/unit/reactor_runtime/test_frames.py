from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from reactor_runtime.frames import Size, padded, read

SIZE = Size(64, 48)


def picture(frames: object, index: int = 0) -> NDArray[np.uint8]:
    """What is sent for `frames`."""
    pictures = read(frames, SIZE)
    slot = np.full(pictures.size.frame_bytes + 7, 99, np.uint8)
    pictures.write(index, slot)
    assert (slot[pictures.size.frame_bytes :] == 99).all()
    return slot[: pictures.size.frame_bytes].reshape(pictures.size.height, pictures.size.width, 3)


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def test_uint8_goes_through_unchanged() -> None:
    frame = noise(48, 64, 3)
    assert (picture(frame) == frame).all()


def test_a_block_is_as_many_pictures() -> None:
    block = noise(5, 16, 20, 3)
    assert read(block, SIZE).count == 5
    assert (picture(block, 3) == block[3]).all()


def test_an_empty_block_is_no_picture() -> None:
    assert read(np.empty((0, 16, 16, 3), np.uint8), SIZE).count == 0


def test_none_is_a_black_picture_of_the_current_size() -> None:
    assert picture(None).shape == (48, 64, 3)
    assert not picture(None).any()


def test_views_in_any_order_of_memory_are_fine() -> None:
    frame = noise(3, 40, 32)
    assert (picture(frame.transpose(1, 2, 0)) == frame.transpose(1, 2, 0)).all()
    assert (picture(frame.transpose(1, 2, 0)[::-1, :, ::-1]) == frame.transpose(1, 2, 0)[::-1, :, ::-1]).all()


def test_a_read_only_array_is_fine() -> None:
    frame = noise(16, 16, 3)
    frame.flags.writeable = False
    assert (picture(frame) == frame).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f4"])
def test_floats_of_any_width_are_scaled_and_rounded(dtype: Any) -> None:
    frame = (noise(20, 24, 3) / 255).astype(dtype)
    assert (picture(frame) == noise(20, 24, 3)).all()


@pytest.mark.parametrize(
    ("value", "sent"), [(np.nan, 0), (np.inf, 255), (-np.inf, 0), (-0.1, 0), (1.1, 255), (1e300, 255)]
)
def test_what_is_outside_is_cut_off_and_nan_is_black(value: float, sent: int) -> None:
    assert (picture(np.full((16, 16, 3), value)) == sent).all()


@pytest.mark.parametrize(("value", "far"), [(0.0, False), (1.3, False), (-0.3, False), (255.0, True), (-1.0, True)])
def test_values_far_outside_are_noticed(value: float, far: bool) -> None:
    frame = np.full((16, 16, 3), value)
    assert (read(frame, SIZE).far_outside() is not None) == far


def test_nan_alone_is_not_far_outside() -> None:
    assert read(np.full((16, 16, 3), np.nan), SIZE).far_outside() is None


def test_uint8_is_never_far_outside() -> None:
    assert read(noise(16, 16, 3), SIZE).far_outside() is None


@pytest.mark.parametrize(("length", "sent"), [(1, 16), (16, 16), (17, 20), (20, 20), (853, 856), (1080, 1080)])
def test_lengths_are_padded_to_multiples_of_four_and_at_least_16(length: int, sent: int) -> None:
    assert padded(length) == sent


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_padding_repeats_the_edges(dtype: Any) -> None:
    frame = noise(17, 5, 3)
    sent = picture(frame if dtype == np.uint8 else (frame / 255).astype(dtype))
    assert sent.shape == (20, 16, 3)
    assert (sent == np.pad(frame, ((0, 3), (0, 11), (0, 0)), mode="edge")).all()


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    count=st.one_of(st.none(), st.integers(0, 3)),
    dtype=st.sampled_from(["u1", "f2", "f4", "f8"]),
    data=st.data(),
)
@settings(deadline=None, max_examples=60)
def test_every_accepted_array_is_sent_as_the_plain_formula_says(
    shape: tuple[int, int], count: int | None, dtype: str, data: st.DataObject
) -> None:
    whole = (*shape, 3) if count is None else (count, *shape, 3)
    values = st.integers(0, 255) if dtype == "u1" else st.floats(width={"f2": 16, "f4": 32, "f8": 64}[dtype])  # type: ignore[arg-type]
    frames = data.draw(npst.arrays(dtype, whole, elements=values, fill=values))
    if count == 0:
        assert read(frames, SIZE).count == 0
        return
    sent = picture(frames)
    first = frames if count is None else frames[0]
    if dtype != "u1":
        with np.errstate(all="ignore"):
            unit = np.clip(np.nan_to_num(first.astype(np.float32), nan=0, posinf=1, neginf=0), 0, 1)
        first = (unit * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    height, width = shape
    expected = np.pad(first, ((0, padded(height) - height), (0, padded(width) - width), (0, 0)), mode="edge")
    assert (sent == expected).all()


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (np.zeros((16, 16, 1), np.uint8), "Repeat grey"),
        (np.zeros((16, 16, 4), np.uint8), "fourth channel"),
        (np.zeros((3, 16, 16), np.uint8), "Channels come last"),
        (np.zeros((2, 3, 16, 16), np.float32), "Channels come last"),
        (np.zeros((16, 16), np.uint8), r"shape \(16, 16\) and dtype uint8.*If it is grey"),
        (np.zeros((1, 1, 1, 16, 3), np.uint8), r"\(H, W, 3\) or \(N, H, W, 3\)"),
        (np.zeros((0, 16, 3), np.uint8), r"shape \(0, 16, 3\)"),
        (np.zeros((20_000, 1, 3), np.uint8), "16383 pixels"),
        (np.zeros((), np.float32), r"shape \(\)"),
    ],
)
def test_a_wrong_shape_says_what_was_found_and_what_is_accepted(frame: NDArray[Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(frame, SIZE)


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.bool_, np.complex64, object])
def test_a_wrong_dtype_says_what_was_found_and_what_is_accepted(dtype: Any) -> None:
    with pytest.raises(TypeError, match=rf"shape \(16, 16, 3\) and dtype .*{np.dtype(dtype).name[:4]}.*uint8 or float"):
        read(np.zeros((16, 16, 3), dtype), SIZE)


@pytest.mark.parametrize("frame", [[[0]], "text", 3, [np.zeros((16, 16, 3), np.uint8)]])
def test_something_else_says_its_type(frame: object) -> None:
    with pytest.raises(TypeError, match=f"of type {type(frame).__name__}"):
        read(frame, SIZE)
