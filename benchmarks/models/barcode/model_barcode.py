"""A model that takes no time: every frame says when it was drawn and which one it is."""

import time
from typing import Any

import numpy as np

from benchmarks.barcode import draw
from reactor_runtime import VideoModel, command, get_ctx


class Barcode(VideoModel):
    """Draws a barcode over a slowly moving gradient, so that the encoder has something to do."""

    def __init__(self, fps: int, width: int, height: int) -> None:
        self.period_s = 1 / fps
        rows, columns = np.mgrid[0:height, 0 : width + 256]
        channels = [columns // 4, rows // 2, (columns + rows) // 6]
        self.ground = np.stack([channel % 256 for channel in channels], axis=-1).astype(np.uint8)
        self.width = width

    @command("ping", description="Answered at once by the same value")
    def ping(self, value: float) -> None:
        """Send `value` back."""
        get_ctx().send({"pong": value})

    def start_session(self) -> None:
        """Emit `fps` frames a second until the session ends."""
        ctx: Any = get_ctx()
        number, due_s = 0, time.monotonic()
        while True:
            offset = number % 256
            frame = self.ground[:, offset : offset + self.width].copy()
            draw(frame, number, time.monotonic())
            ctx.emit_frame(frame)
            number += 1
            due_s += self.period_s
            ctx.wait(max(0.0, due_s - time.monotonic()))
