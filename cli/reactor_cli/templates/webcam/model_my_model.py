"""A mirror that bends time: every row of the picture is a little older than the one above."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from reactor_runtime import VideoModel, command, get_ctx

PAST = 45  # pictures that are kept


class MyModel(VideoModel):
    def __init__(self, size=(480, 640), fps=30, **kwargs):
        super().__init__(**kwargs)
        self.fps = fps
        self.height, self.width = size
        self.reset()

    def reset(self):
        self.camera = None
        self.delay, self.direction = 1.0, "down"
        self.frames = 0
        self.past = np.zeros((PAST, self.height, self.width, 3), np.uint8)

    def start_session(self):
        self.reset()  # every viewer starts afresh
        ctx = get_ctx()
        while not ctx.should_stop():
            ctx.emit_frame(self.draw())
            ctx.wait(1 / self.fps)

    def on_frame(self, frame):
        """Take the camera's latest picture: RGB, uint8, any size. Called on a thread of its own."""
        self.camera = frame

    def draw(self):
        """The next picture: RGB, uint8, shape (height, width, 3)."""
        camera = self.camera
        now = self.frames % PAST
        self.past[now] = self.lights() if camera is None else fit(camera, self.height, self.width)
        self.frames += 1
        if self.direction == "down":
            row = np.arange(self.height)
            return self.past[(now - self.ages(self.height)) % PAST, row]
        column = np.arange(self.width)
        return self.past[(now - self.ages(self.width)) % PAST, :, column].swapaxes(0, 1)

    def ages(self, count):
        """How many pictures ago each of `count` rows or columns was seen."""
        return (np.arange(count) * self.delay * min(self.frames, PAST) / count).astype(int)

    def lights(self):
        """What is shown until a camera is there: three lights that swing."""
        y, x = np.ogrid[: self.height, : self.width]
        picture = np.empty((self.height, self.width, 3), np.uint8)
        for colour in range(3):
            swing = np.sin(self.frames / 9 + 2.1 * colour)
            distance = np.hypot(x - self.width * (0.5 + 0.35 * swing), y - self.height / 2) / self.width
            picture[..., colour] = 255 * np.exp(-9 * distance)
        return picture

    @command("set_delay", description="How far the oldest row lies in the past: 0 is a plain mirror.")
    def set_delay(self, delay: Annotated[float, Field(ge=0, le=1)] = 1.0):
        self.delay = delay

    @command("set_direction", description="Where time goes.")
    def set_direction(self, direction: Literal["down", "right"] = "down"):
        self.direction = direction
        get_ctx().send({"type": "status", "direction": direction})


def fit(frame, height, width):
    """A camera's picture in our size, left and right exchanged as in a mirror."""
    rows = np.arange(height) * frame.shape[0] // height
    columns = np.arange(width)[::-1] * frame.shape[1] // width
    return frame[rows[:, None], columns]
