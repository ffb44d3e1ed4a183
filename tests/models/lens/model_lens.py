"""Shows the camera's last picture and tells what it saw: a whole-stack test's model with video input."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reactor_runtime import VideoModel, command, get_ctx
from support import pattern


class Lens(VideoModel):
    def __init__(self, fps: float = 24, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fps = fps
        self.seen: NDArray[np.uint8] | None = None
        self.count = 0
        self.numbers: list[int] = []

    def start_session(self) -> None:
        self.seen, self.count, self.numbers = None, 0, []
        while not get_ctx().should_stop():
            if self.seen is not None:
                get_ctx().emit_frame(self.seen)
            time.sleep(1 / self.fps)

    def on_frame(self, frame: NDArray[np.uint8]) -> None:
        self.seen = frame
        self.count += 1
        number = pattern.read(frame).number
        if number is not None:
            self.numbers.append(number)

    @command("describe", description="Tell what was seen.")
    def describe(self) -> None:
        data: dict[str, Any] = {"count": self.count, "numbers": self.numbers[-100:]}
        if self.seen is not None:
            data |= {
                "shape": list(self.seen.shape),
                "dtype": str(self.seen.dtype),
                "mean": [float(value) for value in self.seen.mean(axis=(0, 1))],
                "colours_right": pattern.read(self.seen).colours_right,
            }
        get_ctx().send({"type": "seen", "data": data})
