"""A mirror that changes what it sees: the viewer's camera comes in, a transformed picture goes out.

`effects.py` holds the effects, `waiting.py` the picture before the first camera frame; this file is all that Reactor
needs to know about them.
"""

import time
from typing import Annotated, Any, Literal

import numpy as np
from effects import EFFECTS, Effect, Kaleidoscope
from numpy.typing import NDArray
from picture import fit, to_bytes
from pydantic import Field
from waiting import Waiting

from reactor_runtime import VideoModel, command, get_ctx

EffectName = Literal["echo", "neon", "kaleidoscope", "prism"]
Share = Annotated[float, Field(ge=0, le=1)]

# How a session begins, and so what the commands' controls show at first.
EFFECT: EffectName = "neon"
STRENGTH, HUE, SEGMENTS = 0.9, 0.0, 8

CAMERA_GONE_S = 2.0  # without a frame: a short stall of the network isn't shown, a switched-off camera is


class Mirror(VideoModel):
    """Echo, neon, kaleidoscope or prism, live on the viewer's own picture."""

    def __init__(self, size: tuple[int, int] = (480, 640), fps: float = 30, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height, self.width = size
        if self.height % 4 or self.width % 4:
            raise ValueError(f"size: expected multiples of 4, found {self.height} x {self.width}")
        self.fps = fps
        self._waiting = Waiting(self.height, self.width)
        self._reset()

    def _reset(self) -> None:
        self.effect = EFFECT
        self.strength, self.hue, self.mirrored, self.segments = STRENGTH, HUE, True, SEGMENTS
        # Each thread replaces these as a whole and never changes what is inside: no lock is needed.
        self._camera: tuple[NDArray[np.uint8], float] | None = None  # the latest frame, when it came
        self._effects: dict[str, Effect] = {}
        self._frames = 0

    def start_session(self) -> None:
        """One viewer: show the latest camera frame through the chosen effect."""
        self._reset()
        ctx = get_ctx()
        self._tell_status()
        saw_camera = False
        due = time.monotonic()
        while not ctx.should_stop():
            ctx.emit_frame(self.next_frame(time.monotonic()))
            if saw_camera != self.sees_camera(time.monotonic()):
                saw_camera = not saw_camera
                self._tell_status()
            due = max(due + 1 / self.fps, time.monotonic())  # after a slow frame go on, don't hurry
            ctx.wait(due - time.monotonic())

    def on_frame(self, frame: NDArray[np.uint8]) -> None:
        """Keep the latest camera frame, uint8 (H, W, 3) of any size. Called on a thread of its own."""
        self._camera = frame, time.monotonic()

    def sees_camera(self, now_s: float) -> bool:
        """Whether a camera frame came a short while ago."""
        return self._camera is not None and now_s - self._camera[1] < CAMERA_GONE_S

    def next_frame(self, now_s: float) -> NDArray[np.uint8]:
        """The next picture, uint8 (height, width, 3)."""
        effects, name = self._effects, self.effect
        if name not in effects:
            effects[name] = EFFECTS[name](self.height, self.width)
        effect = effects[name]
        if isinstance(effect, Kaleidoscope):
            effect.segments = self.segments
        self._frames += 1
        camera = self._camera
        if camera is None or now_s - camera[1] >= CAMERA_GONE_S:
            picture = self._waiting.at(self._frames / self.fps)
        else:
            pixels = fit(camera[0], self.height, self.width)
            picture = (pixels[:, ::-1] if self.mirrored else pixels) * np.float32(1 / 255)
        return to_bytes(effect(picture, self.strength, self.hue))

    @command("set_effect", description="Choose what the mirror does.")
    def set_effect(self, name: EffectName = EFFECT) -> None:
        """An enum: front ends show a menu."""
        self.effect = name
        self._tell_status()

    @command("set_strength", description="How much of the effect: 0 is a plain mirror.")
    def set_strength(self, strength: Share = STRENGTH) -> None:
        """A number with a range: front ends show a slider."""
        self.strength = strength
        self._tell_status()

    @command("set_hue", description="Turn the effect's colours; the kaleidoscope turns its slice instead.")
    def set_hue(self, hue: Share = HUE) -> None:
        """Another slider."""
        self.hue = hue
        self._tell_status()

    @command("set_mirrored", description="On: as in a mirror. Off: as others see you.")
    def set_mirrored(self, on: bool = True) -> None:
        """A bool: front ends show a switch."""
        self.mirrored = on
        self._tell_status()

    @command("set_segments", description="Into how many slices the kaleidoscope cuts.")
    def set_segments(self, segments: Annotated[int, Field(ge=3, le=16)] = SEGMENTS) -> None:
        """A whole number."""
        self.segments = segments
        self._tell_status()

    @command("wipe", description="Wipe all trails off the mirror.")
    def wipe(self) -> None:
        """No parameters: front ends show a button."""
        self._effects = {}

    def _tell_status(self) -> None:
        get_ctx().send(
            {
                "type": "status",
                "status": "mirroring" if self.sees_camera(time.monotonic()) else "waiting for a camera",
                "effect": self.effect,
                "strength": self.strength,
                "hue": self.hue,
                "mirrored": self.mirrored,
                "segments": self.segments,
            }
        )
