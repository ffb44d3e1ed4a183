"""Shows each picture of the camera once, and has no commands."""

import numpy as np
from numpy.typing import NDArray

from reactor_runtime import VideoModel, get_ctx
from support import pattern


class Mirror(VideoModel):
    def start_session(self) -> None:
        get_ctx().emit_frame(pattern.draw(0, 320, 192))
        while not get_ctx().wait(1.0):
            pass

    def on_frame(self, frame: NDArray[np.uint8]) -> None:
        get_ctx().emit_frame(frame)
