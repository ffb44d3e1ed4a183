"""A model, its ring and the pacer's thread in virtual time: what would be shown when."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from reactor_runtime.media.frame import USUAL_AHEAD, OutputFrame
from reactor_runtime.media.pacing import Pacing, Repeat, Send, Wait

BLOCKS_AHEAD = 2
"""Blocks: the one playing and another."""


@dataclass(frozen=True, slots=True)
class Shown:
    number: int
    emitted_s: float
    """When it left the model."""
    at_s: float
    begun_s: float = 0.0
    """When the model began to work on it."""


@dataclass(slots=True)
class Run:
    """What happened."""

    shown: list[Shown] = field(default_factory=list)
    repeats_s: list[float] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    begun_s: list[float] = field(default_factory=list)
    emitted: int = 0

    def intervals_s(self, after_s: float = 0.0) -> list[float]:
        times = [frame.at_s for frame in self.shown if frame.at_s >= after_s]
        return [later - earlier for earlier, later in pairwise(times)]

    def drawn_ahead_s(self, after_s: float = 0.0) -> list[float]:
        """How long before it was shown the model began each frame."""
        return [frame.at_s - frame.begun_s for frame in self.shown if frame.at_s >= after_s]

    def delays_s(self, after_s: float = 0.0) -> list[float]:
        return [frame.at_s - frame.emitted_s for frame in self.shown if frame.at_s >= after_s]


@dataclass(frozen=True, slots=True)
class Emit:
    """The model works for `work_s`, then emits `frames`."""

    work_s: float
    frames: int = 1
    not_before_s: float = 0.0
    """A model with a clock of its own: it sleeps until then as well."""


class _Model:
    """The worker's side: when the model works, and how far it may be ahead."""

    def __init__(self, emits: Iterable[Emit]) -> None:
        self.pending = deque(emits)
        self.run = Run()
        self.ahead = 0
        self._under_way: deque[int] = deque()  # frames not yet shown, per emit
        self._returned_s = 0.0
        self._until_shown = False
        """Its emit returns when its frame is shown."""

    def emit_at_s(self) -> float:
        """When it emits next; for ever if somebody must be shown first."""
        if not self.pending or self._until_shown:
            return float("inf")
        emit = self.pending[0]
        limit = max(self.ahead, 1) if emit.frames == 1 else BLOCKS_AHEAD
        called_s = max(self._returned_s + emit.work_s, emit.not_before_s)
        return called_s if len(self._under_way) < limit else float("inf")

    def emit(self, pacing: Pacing, now_s: float) -> None:
        emit, run = self.pending.popleft(), self.run
        work_s = max(self._returned_s + emit.work_s, emit.not_before_s) - self._returned_s
        for index in range(emit.frames):
            frame = OutputFrame(
                memoryview(bytearray()), 64, 64, run.emitted, now_s, work_s, index, emit.frames, _released
            )
            pacing.add(frame, now_s)
            run.begun_s.append(self._returned_s)
            run.emitted += 1
        self._under_way.append(emit.frames)
        self._returned_s = now_s
        self._until_shown = emit.frames == 1 and self.ahead == 0

    def shown(self, frame: OutputFrame, ahead: int, begin_at_s: float, now_s: float) -> None:
        self.run.shown.append(Shown(frame.number, frame.emitted_at_s, now_s, self.run.begun_s[frame.number]))
        self.run.released.append(frame.number)
        self.ahead = ahead
        self._under_way[0] -= 1
        if not self._under_way[0]:
            self._under_way.popleft()
        if self._until_shown and not self._under_way:
            self._until_shown, self._returned_s = False, max(now_s, begin_at_s)


def play(emits: Iterable[Emit], *, max_fps: float = 60.0, hold_s: float = 0.0, linger_s: float = 0.0) -> Run:
    """Run the model against the pacing until all is shown, and `linger_s` longer."""
    model = _Model(emits)
    pacing = Pacing(max_fps, 0.0)
    now_s = 0.0
    held = True
    end_s = float("inf")
    while now_s <= end_s:
        if held and now_s >= hold_s:
            pacing.release_hold(now_s)
            held = False
        if now_s >= model.emit_at_s():
            model.emit(pacing, now_s)
            continue
        match pacing.step(now_s):
            case Send(frame):
                model.shown(frame, pacing.ahead, pacing.begin_at_s, now_s)
            case Repeat():
                model.run.repeats_s.append(now_s)
            case Wait(until_s):
                if not model.pending and not pacing.waiting and end_s == float("inf"):
                    end_s = now_s + linger_s
                now_s = max(min(until_s, model.emit_at_s(), hold_s if held else until_s), now_s + 1e-7)
    return model.run


def _released(ahead: int = USUAL_AHEAD, begin_at_s: float = 0.0) -> None: ...
