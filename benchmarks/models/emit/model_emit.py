"""Measures what handing over a frame costs the model."""

import time
from collections.abc import Callable

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
        # In turns: whatever reads the frame first finds it outside of the processor's cache.
        if number % 2:
            return _ms(lambda: ctx.emit_frame(frame)), _ms(frame.copy)
        copy_ms = _ms(frame.copy)
        return _ms(lambda: ctx.emit_frame(frame)), copy_ms


def _ms(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1000
