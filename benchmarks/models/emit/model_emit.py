"""Measures what handing over a frame costs the model."""

import time

from benchmarks.barcode import gradient, picture
from reactor_runtime import SessionContext, VideoModel, get_ctx

_WARM_UP = 20  # frames; the ring is made at the first one


class Emit(VideoModel):
    """Emits frames at an even rate, so that there is always room for the next, and copies each one for comparison."""

    def __init__(self, fps: float, width: int, height: int, frames: int) -> None:
        self.period_s, self.frames = 1 / fps, frames
        self.ground = gradient(width, height)

    def start_session(self) -> None:
        """Emit, measure, tell."""
        ctx = get_ctx()
        timed = [self._timed_ms(ctx, number) for number in range(_WARM_UP + self.frames)]
        emits, copies = zip(*timed[_WARM_UP:], strict=True)
        ctx.send({"emit_ms": list(emits), "copy_ms": list(copies)})
        ctx.wait(60.0)

    def _timed_ms(self, ctx: SessionContext, number: int) -> tuple[float, float]:
        frame = picture(self.ground, number)
        ctx.wait(self.period_s)
        times_s = [time.perf_counter()]
        ctx.emit_frame(frame)
        times_s.append(time.perf_counter())
        frame.copy()
        times_s.append(time.perf_counter())
        return (times_s[1] - times_s[0]) * 1000, (times_s[2] - times_s[1]) * 1000
