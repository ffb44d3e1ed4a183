"""A model that takes no time: every frame says when it was drawn and which one it is."""

import random
import time

import numpy as np
from pydantic import Field

from benchmarks.barcode import gradient, picture
from reactor_runtime import SessionContext, VideoModel, command, get_ctx


class Barcode(VideoModel):
    """Draws a barcode over a slowly moving gradient, so that the encoder has something to do.

    Args:
        fps, width, height: of the video.
        block: frames made together.
        paced: it keeps its rate itself; otherwise it emits as fast as it can.
        catches_up: it makes up for time in which it couldn't emit; otherwise its clock begins anew.
        spread: share of a frame's time by which single times deviate at random, up to that much either way.
        busy: between frames it computes in Python instead of sleeping.
        polls: it asks `should_stop()`.
        silent: it emits nothing.
    """

    def __init__(
        self,
        fps: float,
        width: int,
        height: int,
        *,
        block: int = 1,
        paced: bool = True,
        catches_up: bool = True,
        spread: float = 0.0,
        busy: bool = False,
        polls: bool = False,
        silent: bool = False,
    ) -> None:
        self.fps, self.block, self.paced, self.spread = fps, block, paced, spread
        self.busy, self.polls, self.silent, self.catches_up = busy, polls, silent, catches_up
        self.ground = gradient(width, height)
        self.random = random.Random(1)  # noqa: S311 - the same run every time
        self.period_s = 1 / fps
        self.pause_s = 0.0
        self.tag_now = 0

    @command("ping", description="Answered at once by the same value")
    def ping(self, value: float) -> None:
        """Send `value` back."""
        get_ctx().send({"pong": value})

    @command("rate", description="Frames a second from now on")
    def rate(self, fps: float = Field(gt=0)) -> None:
        """Change the rate."""
        self.period_s = 1 / fps

    @command("pause", description="Emit nothing for so many seconds")
    def pause(self, seconds: float = Field(ge=0)) -> None:
        """Pause before the next frame."""
        self.pause_s = seconds

    @command("tag", description="Show this in the pictures from now on")
    def tag(self, value: int = Field(ge=0, le=255)) -> None:
        """Change what the barcode says."""
        self.tag_now = value

    def start_session(self) -> None:
        """Emit frames until the session ends."""
        ctx = get_ctx()
        ctx.send({"entered_at_s": time.monotonic()})
        self.period_s, self.pause_s, self.tag_now = 1 / self.fps, 0.0, 0
        number, due_s = 0, time.monotonic()
        while not (self.polls and ctx.should_stop()):
            if self.silent:
                ctx.wait(1.0)
                continue
            self._emit(ctx, number)
            number += self.block
            due_s = self._rest(ctx, due_s)

    def _emit(self, ctx: SessionContext, number: int) -> None:
        if self.block == 1:
            ctx.emit_frame(picture(self.ground, number, self.tag_now))
        else:
            ctx.emit_block(np.stack([picture(self.ground, number + index) for index in range(self.block)]))

    def _rest(self, ctx: SessionContext, due_s: float) -> float:
        """Wait until the next frame is due, and return when that is."""
        if self.pause_s:
            seconds, self.pause_s = self.pause_s, 0.0
            ctx.wait(seconds)
            return time.monotonic()
        if not self.paced:
            return time.monotonic()
        due_s += self.block * self.period_s * (1 + self.spread * self.random.uniform(-1, 1))
        if not self.catches_up and due_s < time.monotonic():
            return time.monotonic()
        if self.busy:
            while time.monotonic() < due_s:
                pass
        else:
            ctx.wait(max(0.0, due_s - time.monotonic()))
        return due_s
