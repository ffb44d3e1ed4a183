"""Colours that fold into each other, for ever: a place to start from."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from reactor_runtime import VideoModel, command, get_ctx

COLOURS = {
    "dawn": ["050519", "730d59", "fa7340", "ffedbf"],
    "sea": ["000814", "004d6b", "1abfb3", "edffeb"],
    "moss": ["0a0f0a", "2f4a1e", "a3b53c", "fff6d6"],
}


class MyModel(VideoModel):
    def __init__(self, size=(480, 832), fps=30, **kwargs):
        super().__init__(**kwargs)
        self.fps = fps
        height, width = size
        self.y, self.x = 2.2 * np.mgrid[:height, :width].astype(np.float32) / height
        self.reset()

    def reset(self):
        self.time, self.speed, self.folds = 0.0, 1.0, 5
        self.palette = palette(COLOURS["dawn"])

    def start_session(self):
        self.reset()  # every viewer starts afresh
        ctx = get_ctx()
        while not ctx.should_stop():
            ctx.emit_frame(self.draw())
            self.time += self.speed / self.fps
            ctx.wait(1 / self.fps)

    def draw(self):
        """The picture at `self.time`: RGB, uint8, shape (height, width, 3)."""
        u, v = self.x, self.y
        for n in range(1, self.folds + 1):
            u = u + np.sin(1.7 * v + 0.9 * self.time / n + n)
            v = v + np.sin(1.7 * u - 0.7 * self.time / n + 2 * n)
        waves = np.sin((u + v) / 2)
        return self.palette[(127.5 + 127.5 * waves).astype(np.uint8)]

    @command("set_colours", description="Paint with other colours.")
    def set_colours(self, name: Literal["dawn", "sea", "moss"] = "dawn"):
        self.palette = palette(COLOURS[name])
        get_ctx().send({"type": "status", "colours": name})

    @command("set_speed", description="How fast it flows; 0 stands still.")
    def set_speed(self, speed: Annotated[float, Field(ge=0, le=5)] = 1.0):
        self.speed = speed

    @command("set_folds", description="How often it is folded.")
    def set_folds(self, folds: Annotated[int, Field(ge=1, le=8)] = 5):
        self.folds = folds


def palette(colours):
    """256 colours that go through the given ones: uint8, shape (256, 3)."""
    stops = np.array([list(bytes.fromhex(colour)) for colour in colours])
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(at, range(len(stops)), channel) for channel in stops.T], axis=1).astype(np.uint8)
