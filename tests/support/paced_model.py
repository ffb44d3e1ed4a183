"""A model, its ring and the pacer's thread in virtual time: what would be shown when."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from reactor_runtime.media.frame import OutputFrame
from reactor_runtime.media.pacing import Pacing, Repeat, Send, Wait

SINGLES_AHEAD = 2
"""Single frames a model may be ahead of what is shown."""
BLOCKS_AHEAD = 2
"""Blocks: the one playing and another."""


@dataclass(frozen=True, slots=True)
class Shown:
    number: int
    emitted_s: float
    """When it left the model."""
    at_s: float


@dataclass(slots=True)
class Run:
    """What happened."""

    shown: list[Shown] = field(default_factory=list)
    repeats_s: list[float] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    emitted: int = 0

    def intervals_s(self, after_s: float = 0.0) -> list[float]:
        times = [frame.at_s for frame in self.shown if frame.at_s >= after_s]
        return [later - earlier for earlier, later in pairwise(times)]

    def delays_s(self, after_s: float = 0.0) -> list[float]:
        return [frame.at_s - frame.emitted_s for frame in self.shown if frame.at_s >= after_s]


@dataclass(frozen=True, slots=True)
class Emit:
    """The model works for `work_s`, then emits `frames`."""

    work_s: float
    frames: int = 1
    not_before_s: float = 0.0
    """A model with a clock of its own: it sleeps until then as well."""


def play(emits: Iterable[Emit], *, max_fps: float = 60.0, hold_s: float = 0.0, linger_s: float = 0.0) -> Run:
    """Run the model against the pacing until all is shown, and `linger_s` longer."""
    run = Run()
    pacing = Pacing(max_fps, 0.0)
    pending = deque(emits)
    outstanding: deque[int] = deque()  # frames not yet released, per emit
    now_s = returned_s = 0.0
    emit_at_s = _next_emit_at(pending, returned_s)
    held = True
    end_s = float("inf")
    while now_s <= end_s:
        if held and now_s >= hold_s:
            pacing.release_hold(now_s)
            held = False
        limit = BLOCKS_AHEAD if pending and pending[0].frames > 1 else SINGLES_AHEAD
        if pending and now_s >= emit_at_s and len(outstanding) < limit:
            _emit(run, pacing, pending.popleft(), now_s, work_s=emit_at_s - returned_s)
            outstanding.append(run.emitted - sum(outstanding) - len(run.released))
            returned_s = now_s
            emit_at_s = _next_emit_at(pending, returned_s)
            continue
        step = pacing.step(now_s)
        match step:
            case Send(frame):
                run.shown.append(Shown(frame.number, frame.emitted_at_s, now_s))
                run.released.append(frame.number)
                outstanding[0] -= 1
                if not outstanding[0]:
                    outstanding.popleft()
            case Repeat():
                run.repeats_s.append(now_s)
            case Wait(until_s):
                if not pending and not pacing.waiting and end_s == float("inf"):
                    end_s = now_s + linger_s
                can_emit = pending and len(outstanding) < limit
                wake = [until_s, emit_at_s if can_emit else until_s, hold_s if held else until_s]
                now_s = max(min(wake), now_s + 1e-7)
    return run


def _next_emit_at(pending: deque[Emit], returned_s: float) -> float:
    return max(returned_s + pending[0].work_s, pending[0].not_before_s) if pending else float("inf")


def _emit(run: Run, pacing: Pacing, emit: Emit, now_s: float, *, work_s: float) -> None:
    for index in range(emit.frames):
        frame = OutputFrame(
            memoryview(bytearray()), 64, 64, run.emitted, now_s, work_s, index, emit.frames, release=lambda: None
        )
        pacing.add(frame, now_s)
        run.emitted += 1
