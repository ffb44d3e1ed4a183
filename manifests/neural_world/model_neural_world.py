"""A neural world: a network that has learned a small game and plays it on, state by state, as the keys say.

`network.py` is the world, `paint.py` makes pictures of it; this file is all that Reactor needs to know about them.
"""

import time
from collections import deque
from typing import Annotated, Any

import numpy as np
import torch
import world
from network import decide, load
from numpy.typing import NDArray
from paint import Painter
from pydantic import Field

from reactor_runtime import VideoModel, command, get_ctx

USUAL_SPEED = 6.0  # steps a second
MOST_PRESSES = 64  # of keys between two steps: at 60 messages a second there are 60 in the slowest one


class NeuralWorld(VideoModel):
    """Fireflies at night. After the first state of a garden everything that happens is the network's prediction."""

    def __init__(self, fps: float = 30, steps_a_second: float = USUAL_SPEED, seed: int = 1342, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fps, self.seed, self._usual_speed = fps, seed, steps_a_second
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.set_num_threads(1)  # it is too small for more: they would only take time from the encoder
        self._network = load(self.weights("NeuralWorld"), self.device)
        self._painter = Painter(self.device)
        self._reset()
        self.next_frame()  # a device's first steps are slow: not before a viewer's eyes

    def _reset(self) -> None:
        # Commands run on their own thread: they replace plain values, or leave a note for the loop's next step.
        self.speed = self._usual_speed
        self._keys = np.zeros(4, np.bool_)  # that are down: w, a, s, d
        self._presses: deque[NDArray[np.bool_]] = deque(maxlen=MOST_PRESSES)
        self._resets: deque[int] = deque(maxlen=1)
        self._begin(self.seed)

    def _begin(self, seed: int) -> None:
        self.steps = 0
        first = world.garden(seed)
        self._state = torch.from_numpy(first).to(self.device, torch.float32)
        self._before = self._after = first[0]
        self._part = 1.0  # of the way from one state to the next

    def start_session(self) -> None:
        """Every viewer gets the same garden, its fireflies not yet lit."""
        self._reset()
        ctx = get_ctx()
        self._tell_status()
        due = told = time.monotonic()
        while not ctx.should_stop():
            ctx.emit_frame(self.next_frame())
            if time.monotonic() >= told + 1:
                told += 1
                ctx.send({"type": "progress", "steps": self.steps, "lit": self.lit, "fireflies": world.FIREFLIES})
            due = max(due + 1 / self.fps, time.monotonic())  # after a slow frame go on, don't hurry
            ctx.wait(due - time.monotonic())

    @property
    def lit(self) -> int:
        """How many fireflies are lit."""
        return int(self._after[world.LIT].sum())

    @torch.inference_mode()
    def next_frame(self) -> torch.Tensor:
        """One frame further, uint8 (480, 800, 3), on the device."""
        while self._resets:
            self._begin(self._resets.popleft())
        if self._part >= 1:
            self._part %= 1
            self._before, self._after = self._after, self._predict()
        picture = self._painter.paint(self._before, self._after, self._part)
        self._part += self.speed / self.fps
        return picture

    def _predict(self) -> NDArray[np.bool_]:
        """Have the network go on from its own last state: the only time a step waits for the device."""
        keys = self._keys.copy()
        while self._presses:
            keys |= self._presses.popleft()
        pressed = torch.from_numpy(keys[None]).to(self.device, torch.float32)
        self._state = decide(self._network(self._state, pressed))
        self.steps += 1
        state: NDArray[np.bool_] = self._state[0].bool().cpu().numpy()
        return state

    @command("send_keyboard_state", description="Which keys are down: send it whenever one changes, or all the time.")
    def send_keyboard_state(self, w: bool = False, a: bool = False, s: bool = False, d: bool = False) -> None:
        """Up, left, down, right; two at once walk diagonally. A key tapped between two steps counts for one."""
        keys = np.array([w, a, s, d])
        self._presses.append(keys & ~self._keys)
        self._keys = keys

    @command("set_speed", description="How many steps the world makes a second.")
    def set_speed(self, speed: Annotated[float, Field(ge=1, le=15)] = USUAL_SPEED) -> None:
        """A number with a range: front ends show a slider."""
        self.speed = speed
        self._tell_status()

    @command("reset", description="Another garden; the same seed gives the same one.")
    def reset(self, seed: Annotated[int, Field(ge=0)] | None = None) -> None:
        """An optional whole number; without it the garden in which a session begins."""
        self._resets.append(self.seed if seed is None else seed)

    def _tell_status(self) -> None:
        get_ctx().send({"type": "status", "status": "playing", "speed": self.speed, "device": self.device.type})
