"""Forty commands, a control of each kind among them; the picture's number says what the last one did.

Each kind has its own thousand, so that a number tells the command as well as the value.
"""

import base64
import time
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, Field

from reactor_runtime import VideoModel, command, get_ctx
from support import pattern

_OTHERS = 27
_KEYS = ["none", "i", "j", "k", "l"]


class Place(BaseModel):
    x: int = Field(0, ge=0, le=9)
    y: int = Field(0, ge=0, le=9)


class _Others(VideoModel):
    """Buttons that only make the list long."""

    shown = 0


def _button(number: int) -> Callable[[Any], None]:
    def press(self: _Others) -> None:
        self.shown = 20_000 + number

    press.__name__ = f"other_{number}"
    return command(press.__name__, description=f"Button {number}.")(press)


for _number in range(_OTHERS):
    setattr(_Others, f"other_{_number}", _button(_number))


class Panel(_Others):
    def __init__(self, fps: float = 24, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fps = fps

    def start_session(self) -> None:
        self.shown = 0
        while not get_ctx().should_stop():
            get_ctx().emit_frame(pattern.draw(self.shown, 320, 192))
            time.sleep(1 / self.fps)

    @command("set_amount", description="A slider.")
    def set_amount(self, amount: float = Field(0.0, ge=0, le=100)) -> None:
        self.shown = 1000 + round(amount)

    @command("set_count", description="A number without bounds.")
    def set_count(self, count: int = 0) -> None:
        self.shown = 2000 + count

    @command("set_light", description="A switch.")
    def set_light(self, light: bool = False) -> None:
        self.shown = 3000 + light

    @command("set_colour", description="One of several.")
    def set_colour(self, colour: Literal["red", "green", "blue"] = "red") -> None:
        self.shown = 4000 + len(colour)

    @command("set_prompt", description="A text.")
    def set_prompt(self, prompt: str = Field(..., min_length=1)) -> None:
        self.shown = 5000 + len(prompt)

    @command("set_limit", description="A number or none.")
    def set_limit(self, limit: int | None = Field(7, ge=0, le=100)) -> None:
        self.shown = 6000 + (999 if limit is None else limit)

    @command("set_steps", description="A list.")
    def set_steps(self, steps: list[int] = [1, 2]) -> None:  # noqa: B006 - it is only read
        self.shown = 7000 + sum(steps)

    @command("set_place", description="An object.")
    def set_place(self, place: Place) -> None:
        self.shown = 8000 + 10 * place.x + place.y

    @command("set_starting_image", description="An image.")
    def set_starting_image(self, base64_image: str) -> None:
        self.shown = 9000 + base64.b64decode(base64_image.rpartition(",")[2])[0]

    @command("send_keys", description="Keys.")
    def send_keys(self, w: bool = False, a: bool = False, s: bool = False, d: bool = False) -> None:
        self.shown = 10_000 + 8 * w + 4 * a + 2 * s + d

    @command("set_quality", description="One of many.")
    def set_quality(self, quality: Literal[16, 32, 64, 128, 256, 512, 1024, 2048] = 64) -> None:
        self.shown = 11_000 + quality

    @command("set_weights", description="What has no control of its own.")
    def set_weights(self, weights: dict[str, int]) -> None:
        self.shown = 14_000 + sum(weights.values())

    @command("hold_key", description="One key at a time.")
    def hold_key(self, keyboard_key: Literal["i", "j", "k", "l", "none"] = "none") -> None:
        self.shown = 15_000 + _KEYS.index(keyboard_key)
