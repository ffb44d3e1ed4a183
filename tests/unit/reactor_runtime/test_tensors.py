"""Torch tensors as frames."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reactor_runtime import tensors
from reactor_runtime.frames import Size, read
from reactor_runtime.jsonable import to_json

SIZE = Size(64, 48)
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
FLOATS = [torch.float16, torch.float32, torch.float64, torch.bfloat16]


def picture(frames: object) -> NDArray[np.uint8]:
    pictures = read(frames, SIZE)
    slot = np.zeros(pictures.size.frame_bytes, np.uint8)
    pictures.write(0, slot)
    return slot.reshape(pictures.size.height, pictures.size.width, 3)


def noise() -> torch.Tensor:
    return torch.randint(0, 256, (20, 24, 3), dtype=torch.uint8)


def test_uint8_goes_through_unchanged() -> None:
    frame = noise()
    assert (picture(frame) == frame.numpy()).all()
    assert (picture(frame[None]) == frame.numpy()).all()


def test_a_transposed_tensor_is_fine() -> None:
    frame = torch.randint(0, 256, (3, 20, 24), dtype=torch.uint8).movedim(0, -1)
    assert (picture(frame) == frame.numpy()).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_are_scaled_as_numpys_are(dtype: torch.dtype) -> None:
    frame = (noise() / 255).to(dtype)
    assert (picture(frame) == picture(frame.float().numpy())).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_is_black_and_the_rest_is_cut_off(dtype: torch.dtype) -> None:
    frame = torch.tensor([torch.nan, 2.0, -1.0], dtype=dtype).expand(16, 16, 3)
    assert (picture(frame) == [0, 255, 0]).all()


def test_a_tensor_that_requires_grad_is_fine() -> None:
    assert (picture(torch.ones(16, 16, 3, requires_grad=True)) == 255).all()


def test_a_tensor_of_inference_mode_is_fine() -> None:
    with torch.inference_mode():
        frame = torch.ones(16, 16, 3)
    assert (picture(frame) == 255).all()


@pytest.mark.parametrize("dtype", [torch.uint8, *FLOATS])
def test_what_a_device_does_gives_what_numpy_gives(dtype: torch.dtype) -> None:
    frame = noise() if dtype == torch.uint8 else torch.rand(20, 24, 3).mul(1.4).sub(0.2).to(dtype)
    before = frame.clone()
    assert (tensors._to_uint8(frame).numpy() == picture(frame)).all()
    assert torch.equal(frame, before)


def test_what_a_device_does_with_what_no_byte_holds_gives_what_numpy_gives() -> None:
    frame = torch.tensor([torch.nan, torch.inf, -torch.inf]).expand(16, 16, 3)
    assert (tensors._to_uint8(frame).numpy() == picture(frame)).all()


def test_values_far_outside_are_noticed() -> None:
    assert read(torch.full((16, 16, 3), 255.0, dtype=torch.bfloat16), SIZE).far_outside() == (255.0, 255.0)


@pytest.mark.parametrize(
    ("frame", "error", "said"),
    [
        (torch.zeros(3, 16, 16), ValueError, r"shape \(3, 16, 16\) and dtype torch.float32.*Channels come last"),
        (torch.zeros(16, 16, 3, dtype=torch.int64), TypeError, "dtype torch.int64"),
        (torch.zeros(16, 16, 3, dtype=torch.bool), TypeError, "dtype torch.bool"),
    ],
)
def test_anything_else_says_what_was_found(frame: torch.Tensor, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        read(frame, SIZE)


def test_small_tensors_go_into_messages() -> None:
    assert to_json({"a": torch.tensor(3), "b": torch.tensor([1.5, 2.0])}) == b'{"a":3,"b":[1.5,2.0]}'


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.uint8, *FLOATS])
def test_a_tensor_gives_the_same_picture_on_every_device(device: str, dtype: torch.dtype) -> None:
    frame = noise() if dtype == torch.uint8 else torch.rand(20, 24, 3).mul(1.4).sub(0.2).to(dtype)
    assert (picture(frame.to(device)) == picture(frame)).all()
    assert (picture(frame.to(device)[None, :, ::2]) == picture(frame[:, ::2])).all()
