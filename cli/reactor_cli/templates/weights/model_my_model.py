"""A small neural network dreams: it turns places and time into colours, as its weights have it."""

from typing import Annotated

import numpy as np
from pydantic import Field

from reactor_runtime import VideoModel, command, get_ctx

NAMES = ("place", "moment", "hidden", "colour", "tint")


class MyModel(VideoModel):
    def __init__(self, size=(240, 416), fps=24, **kwargs):
        super().__init__(**kwargs)
        self.fps = fps
        with np.load(VideoModel.weights("my-model-network") / "network.npz") as file:
            self.place, self.moment, self.hidden, self.colour, self.tint = (file[name] for name in NAMES)
        height, width = size
        y, x = 2 * (np.mgrid[:height, :width].astype(np.float32) + 0.5) / height - 1
        x -= width / height - 1  # 0 is the middle
        self.places = np.stack([x, y, np.hypot(x, y), np.ones_like(x)], axis=-1)
        self.reset()

    def reset(self):
        self.time, self.speed, self.zoom = 0.0, 0.5, 1.0

    def start_session(self):
        self.reset()  # every viewer starts afresh
        ctx = get_ctx()
        while not ctx.should_stop():
            ctx.emit_frame(self.dream())
            self.time += self.speed / self.fps
            ctx.wait(1 / self.fps)

    def dream(self):
        """The picture at `self.time`: RGB, float in 0..1, shape (height, width, 3)."""
        moment = np.array([np.sin(self.time), np.cos(self.time)], np.float32)
        values = np.sin(self.places @ (self.place / self.zoom) + moment @ self.moment)
        values = np.sin(values @ self.hidden)
        return 0.5 + 0.5 * np.sin(values @ self.colour + self.tint)

    @command("set_speed", description="How fast it dreams; 0 stands still.")
    def set_speed(self, speed: Annotated[float, Field(ge=0, le=5)] = 0.5):
        self.speed = speed

    @command("set_zoom", description="How close to look.")
    def set_zoom(self, zoom: Annotated[float, Field(ge=0.25, le=4)] = 1.0):
        self.zoom = zoom
        get_ctx().send({"type": "status", "zoom": zoom})
