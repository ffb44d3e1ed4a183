"""Torch tensors as pictures. Imported only once the model itself has imported torch."""

import threading
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reactor_runtime.frames import check

_local = threading.local()


def to_array(tensor: torch.Tensor) -> NDArray[Any]:
    """The pictures in a tensor, shape `(N, H, W, 3)`.

    On the processor: a view of the tensor (bfloat16 and 8-bit floats converted to float32). On a device: converted
    to uint8 there and copied to pinned memory that the thread's next call overwrites.

    Raises:
        TypeError, ValueError: it isn't a picture.
    """
    check(tuple(tensor.shape), tensor.dtype, tensor.dtype == torch.uint8 or tensor.dtype.is_floating_point)
    pictures = tensor.detach()
    if pictures.ndim == 3:
        pictures = pictures[None]
    if pictures.device.type == "cpu":
        array: NDArray[Any] = _readable(pictures).numpy()
        return array
    with torch.no_grad():
        return _fetch(_to_uint8(pictures))


def _readable(pictures: torch.Tensor) -> torch.Tensor:
    known = pictures.dtype in {torch.uint8, torch.float16, torch.float32, torch.float64}
    return pictures if known else pictures.float()


def _to_uint8(pictures: torch.Tensor) -> torch.Tensor:
    if pictures.dtype == torch.uint8:
        return pictures
    # nan_to_num makes a new tensor: the model's own stays as it is.
    unit = torch.nan_to_num(pictures.float(), nan=0.0, posinf=1.0, neginf=0.0).clamp_(0, 1)
    return unit.mul_(255).add_(0.5).to(torch.uint8)


def _fetch(pictures: torch.Tensor) -> NDArray[np.uint8]:
    if pictures.device.type != "cuda":
        array: NDArray[np.uint8] = pictures.cpu().numpy()
        return array
    staging = _pinned(pictures.numel()).view(pictures.shape)
    with torch.cuda.device(pictures.device):
        staging.copy_(pictures, non_blocking=True)
        torch.cuda.current_stream().synchronize()  # without the interpreter's lock
    staged: NDArray[np.uint8] = staging.numpy()
    return staged


def _pinned(values: int) -> torch.Tensor:
    """`values` bytes of page-locked memory, kept for the thread: to lock pages takes longer than to fill them."""
    held: torch.Tensor | None = getattr(_local, "held", None)
    if held is None or held.numel() < values:
        held = torch.empty(values, dtype=torch.uint8, pin_memory=True)
        _local.held = held
    return held[:values]
