"""Pictures as models make them, turned into RGB24 in place: one pass from the model's array to the slot."""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ACCEPTED = (
    "RGB of shape (H, W, 3) or (N, H, W, 3), uint8 or float in 0..1, as a numpy array or a torch tensor, "
    "or None for a black frame"
)
_MULTIPLE = 4  # what encoders and their chroma planes take without cropping
_SMALLEST = 16  # encoders refuse less
_LARGEST = 16383  # pixels a side that VP8, VP9 and H.264 encoders take
_CHUNK_VALUES = 32 * 1024  # float values converted at a time, so that the steps stay in the processor's cache
_SAMPLE_STEP = 8  # every 8th row and column is looked at for values far outside
_FAR_BELOW, _FAR_ABOVE = -0.5, 1.5  # between them: what filters and decoders overshoot by


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture in pixels, as it is sent."""

    width: int
    height: int

    @property
    def frame_bytes(self) -> int:
        """Of one RGB24 picture."""
        return self.width * self.height * 3


def padded(pixels: int) -> int:
    """The next length that can be sent: a multiple of 4, at least 16."""
    return max(_SMALLEST, -(-pixels // _MULTIPLE) * _MULTIPLE)


class Pictures:
    """Checked pictures of one emit.

    Parameters:
        array: shape `(N, H, W, 3)`, uint8 or floating.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        self.count = len(array)
        self.size = Size(padded(array.shape[2]), padded(array.shape[1]))

    def write(self, index: int, slot: NDArray[np.uint8]) -> None:
        """Write picture `index` as RGB24 to the beginning of `slot`, edge pixels repeated as padding."""
        picture = self.array[index]
        height, width = picture.shape[:2]
        size = self.size
        out = slot[: size.frame_bytes].reshape(size.height, size.width, 3)
        if picture.dtype == np.uint8:
            np.copyto(out[:height, :width], picture)
        else:
            _write_float(picture, out[:height, :width])
        if width != size.width:
            out[:height, width:] = out[:height, width - 1 : width]
        if height != size.height:
            out[height:] = out[height - 1 : height]

    def far_outside(self) -> tuple[float, float] | None:
        """The least and greatest value of a sample, if they show that 0..1 isn't what the author had in mind."""
        if self.array.dtype == np.uint8 or not self.array.size:
            return None
        with np.errstate(all="ignore"):
            sample = self.array[:, ::_SAMPLE_STEP, ::_SAMPLE_STEP].astype(np.float32)
            low, high = float(np.fmin.reduce(sample, axis=None)), float(np.fmax.reduce(sample, axis=None))
        return (low, high) if low < _FAR_BELOW or high > _FAR_ABOVE else None


def black(size: Size) -> Pictures:
    """One black picture."""
    return Pictures(np.broadcast_to(np.uint8(0), (1, size.height, size.width, 3)))


def read(frames: object, current: Size) -> Pictures:
    """Check what a model emitted; None is a black frame of the size `current`.

    Raises:
        TypeError: neither an array nor a tensor, or its dtype isn't one of a picture.
        ValueError: its shape isn't one of a picture.
    """
    if frames is None:
        return black(current)
    if isinstance(frames, np.ndarray):
        check(frames.shape, frames.dtype, takes_dtype(frames.dtype))
        return Pictures(frames if frames.ndim == 4 else frames[None])
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(frames, torch.Tensor):
        from reactor_runtime import tensors  # noqa: PLC0415 - of no use without torch

        return Pictures(tensors.to_array(frames))
    hint = " Put them into one array: numpy.stack(frames)." if isinstance(frames, list | tuple) else ""
    raise TypeError(f"a frame of type {type(frames).__name__}; expected {ACCEPTED}.{hint}")


def takes_dtype(dtype: np.dtype[Any]) -> bool:
    """Whether pictures may have this dtype; bfloat16 comes with packages that register it."""
    return dtype == np.uint8 or dtype.kind == "f" or dtype.name == "bfloat16"


def check(shape: tuple[int, ...], dtype: object, dtype_ok: bool) -> None:
    """Raise unless pictures may have this shape and dtype."""
    if len(shape) not in {3, 4} or shape[-1] != 3 or 0 in shape[-3:]:
        raise ValueError(f"{_found(shape, dtype)}; expected {ACCEPTED}.{_shape_hint(shape)}")
    if max(shape[-3:]) > _LARGEST:
        raise ValueError(f"{_found(shape, dtype)}; no encoder takes more than {_LARGEST} pixels a side.")
    if not dtype_ok:
        raise TypeError(f"{_found(shape, dtype)}; expected {ACCEPTED}.{_dtype_hint(str(dtype))}")


def _found(shape: tuple[int, ...], dtype: object) -> str:
    return f"a frame of shape {tuple(shape)} and dtype {dtype}"


def _shape_hint(shape: tuple[int, ...]) -> str:
    if len(shape) >= 3 and shape[-3] == 3:
        return " Channels come last: move them with numpy.moveaxis(frame, -3, -1) or tensor.movedim(-3, -1)."
    if shape and shape[-1] == 1:
        return " Repeat grey three times: numpy.repeat(frame, 3, -1)."
    if shape and shape[-1] == 4:
        return " Leave out the fourth channel: frame[..., :3]."
    if len(shape) == 2 and 0 not in shape:
        return " If it is grey, give it three channels: numpy.repeat(frame[..., None], 3, -1)."
    return ""


def _dtype_hint(dtype: str) -> str:
    return " Convert 0..255 with frame.astype(numpy.uint8)." if "int" in dtype else ""


def _write_float(picture: NDArray[Any], out: NDArray[np.uint8]) -> None:
    height, width = picture.shape[:2]
    rows = max(1, _CHUNK_VALUES // (width * 3))
    scratch = np.empty((min(rows, height), width, 3), np.float32)
    with np.errstate(all="ignore"):  # NaN and what float32 can't hold are dealt with right here
        for top in range(0, height, rows):
            part = scratch[: min(rows, height - top)]
            np.copyto(part, picture[top : top + rows], casting="unsafe")
            np.fmax(part, 0, out=part)  # NaN becomes 0
            np.minimum(part, 1, out=part)
            np.multiply(part, 255, out=part)
            np.add(part, 0.5, out=part)
            np.copyto(out[top : top + rows], part, casting="unsafe")
