"""Ink on moving water: an interactive model without weights.

`fluid.py` moves the water, `paint.py` makes a picture of it, `letters.py` writes words; this file is all that
Reactor needs to know about them.
"""

import copy
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from fluid import COARSE, Fluid
from letters import LONGEST, word_masks
from numpy.typing import NDArray
from paint import Painter
from pydantic import Field

from reactor_runtime import VideoModel, command, get_ctx

Palette = Literal["ember", "ocean", "aurora", "opal", "noir"]
Share = Annotated[float, Field(ge=0, le=1)]

# How a session begins, and so what the commands' controls show at first.
PALETTE: Palette = "ember"
GLOSS, SPEED, TURNS = 0.7, 110.0, 1  # speed in pixels a second

OPENING_S = 3.0  # of flow before anybody looks: the first picture is already a rich one
COLOUR_DRIFT = 0.015  # turns of the colour wheel a second: hardly seen, but no colour stays for ever
STROKE_GAP_S = 0.3  # a pointer that was silent for longer has been lifted
PUSH_RADIUS = 38.0  # pixels: about a finger's width on a tablet
MOST_NOTES = 64  # commands that wait for the next frame; a pointer sends 2 to 4 of them in that time


class Ink(VideoModel):
    """Ink that folds for ever; viewers stir it, write in it and choose its colours."""

    def __init__(self, size: tuple[int, int] = (480, 832), fps: float = 30, seed: int = 7, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height, self.width = size
        if self.height % COARSE or self.width % COARSE:
            raise ValueError(f"size: expected multiples of {COARSE}, found {self.height} x {self.width}")
        self.fps, self.seed = fps, seed
        # Commands run on their own thread. They change plain values, or leave a note that the loop acts on between
        # two frames: so the fluid itself belongs to one thread and needs no lock.
        self._notes: deque[Callable[[], None]] = deque(maxlen=MOST_NOTES)
        self._reset()
        fluid = Fluid(self.height, self.width)
        fluid.restart(seed)
        for _ in range(round(OPENING_S * fps)):
            fluid.step(1 / fps, self.speed)
        self._opening = fluid
        self._fluid = copy.deepcopy(fluid)

    def _reset(self) -> None:
        self.palette = PALETTE
        self.gloss, self.speed, self.turns, self.stirring = GLOSS, SPEED, TURNS, True
        self._notes.clear()
        self._pointer: tuple[float, float, float] | None = None  # x, y, time of the last touch
        self._painter = Painter()
        self._frames = 0

    def start_session(self) -> None:
        """Every viewer gets the same opening and a fresh tray."""
        self._reset()
        self._fluid = copy.deepcopy(self._opening)
        ctx = get_ctx()
        self._tell_status()
        due = time.monotonic()
        while not ctx.should_stop():
            ctx.emit_frame(self.next_frame())
            if self._frames % round(self.fps) == 0:
                seconds = round(self._frames / self.fps)
                ctx.send({"type": "progress", "seconds": seconds, "speed": round(self._fluid.speed, 1)})
            due = max(due + 1 / self.fps, time.monotonic())  # after a slow frame go on, don't hurry
            ctx.wait(due - time.monotonic())

    def next_frame(self) -> NDArray[np.uint8]:
        """One frame further, uint8 (height, width, 3)."""
        while self._notes:
            self._notes.popleft()()
        self._fluid.step(1 / self.fps, self.speed if self.stirring else None)
        self._frames += 1
        self._painter.palette, self._painter.gloss = self.palette, self.gloss
        return self._painter.paint(self._fluid.ink + np.float32(self._drift), self._fluid.folds, self.turns)

    @property
    def _drift(self) -> float:
        return COLOUR_DRIFT * self._frames / self.fps

    @command("set_palette", description="Choose the colours; they fade over within a second.")
    def set_palette(self, name: Palette = PALETTE) -> None:
        """An enum: front ends show a menu."""
        self.palette = name
        self._tell_status()

    @command("set_speed", description="How fast the water moves.")
    def set_speed(
        self, speed: Annotated[float, Field(ge=0, le=300, description="In pixels a second.")] = SPEED
    ) -> None:
        """A number with a range: front ends show a slider."""
        self.speed = speed
        self._tell_status()

    @command("set_gloss", description="How much the wet paint shines.")
    def set_gloss(self, gloss: Share = GLOSS) -> None:
        """Another slider."""
        self.gloss = gloss
        self._tell_status()

    @command("set_turns", description="How often the colours repeat across the picture.")
    def set_turns(self, turns: Annotated[int, Field(ge=1, le=3)] = TURNS) -> None:
        """A whole number."""
        self.turns = turns
        self._tell_status()

    @command("set_stirring", description="Off: only you move the water, and it comes to rest.")
    def set_stirring(self, on: bool = True) -> None:
        """A bool: front ends show a switch."""
        self.stirring = on
        self._tell_status()

    @command("write", description="Write a word into the ink; the flow carries it away.")
    def write(self, text: Annotated[str, Field(min_length=1, max_length=LONGEST)]) -> None:
        """A text. Its masks are made here, so that the loop doesn't wait for them."""
        self._notes.append(partial(self._print, *word_masks(text, self.height, self.width)))

    @command("splash", description="Throw a handful of drops.")
    def splash(self) -> None:
        """No parameters: front ends show a button."""
        self._notes.append(self._throw_drops)

    @command("stir", description="Drag through the water: send the pointer's place while it is down.")
    def stir(
        self,
        x: Annotated[Share, Field(description="0 = left, 1 = right.")],
        y: Annotated[Share, Field(description="0 = top, 1 = bottom.")],
    ) -> None:
        """Two numbers at up to 60 a second."""
        self._notes.append(partial(self._drag, x, y, time.monotonic()))

    @command("restart", description="Fresh water; the same seed gives the same film.")
    def restart(self, seed: Annotated[int, Field(ge=0)] | None = None) -> None:
        """An optional whole number."""
        self._notes.append(partial(self._fluid.restart, self.seed if seed is None else seed))

    def _print(self, word: NDArray[np.float32], ground: NDArray[np.float32]) -> None:
        self._fluid.calm(0.1)  # else nobody could read it
        dark, bright = self._painter.extremes()
        self._fluid.print(ground, dark / self.turns - self._drift)
        self._fluid.print(word, bright / self.turns - self._drift)

    def _throw_drops(self) -> None:
        places = np.random.default_rng(self._frames).random((7, 3))
        for x, y, chance in places:
            self._fluid.drop(x, y, 0.5 if chance < 0.5 else -0.5, 14 + 40 * chance)
            self._fluid.swirl(x, y, 16 * (chance - 0.5), 60)

    def _drag(self, x: float, y: float, at: float) -> None:
        last, self._pointer = self._pointer, (x, y, at)
        if last is None or at - last[2] > STROKE_GAP_S:
            self._fluid.drop(x, y, 0.4, 18)  # a touch shows at once, even without a movement
            return
        seconds = max(at - last[2], 1 / self.fps)
        dx, dy = (x - last[0]) * self.width / seconds, (y - last[1]) * self.height / seconds
        self._fluid.push(x, y, 0.5 * dx, 0.5 * dy, PUSH_RADIUS)
        self._fluid.drop(x, y, 0.06, PUSH_RADIUS)

    def _tell_status(self) -> None:
        get_ctx().send(
            {
                "type": "status",
                "status": "stirring" if self.stirring else "calm",
                "palette": self.palette,
                "speed": self.speed,
                "gloss": self.gloss,
                "turns": self.turns,
            }
        )
