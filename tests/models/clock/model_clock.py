"""Shows when each of its frames was made: milliseconds of the machine's clock, as the test pattern's number."""

import time
from typing import Any

from reactor_runtime import VideoModel, get_ctx
from support import pattern


class Clock(VideoModel):
    def __init__(self, fps: float = 24, width: int = 320, height: int = 192, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fps, self.size = fps, (width, height)

    def start_session(self) -> None:
        next_s = time.monotonic()
        while True:
            get_ctx().emit_frame(pattern.draw(int(time.monotonic() * 1000), *self.size))
            next_s = max(next_s + 1 / self.fps, time.monotonic() - 0.1)
            time.sleep(max(0.0, next_s - time.monotonic()))
