"""The first pictures after a pause, after an idle minute, and for a client that comes late."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.figures import Row, Summary, single
from benchmarks.format import Format
from benchmarks.product import QUIET, Stack, stack
from benchmarks.stretch import Stretch
from benchmarks.turns import SETTLE_S, STRETCH_S
from reactor_protocol.frontend import VideoCodec
from reactor_runtime.worker.output import slot_count

_PAUSE_S = 5.0
_IDLE_S = 65.0  # five more than the time for which the next picture is kept ready
_LATE_S = 2.0
_STEADY = 1.5
_FASTEST = 1.25  # how fast the pacer drains a queue; a backlog shown at once is far above
_P95_MS: dict[VideoCodec, float] = {"vp9": 150.0, "h264": 40.0, "vp8": 40.0}


@dataclass(frozen=True, slots=True)
class Resumed:
    """What followed a moment at which pictures began again."""

    next_ms: float
    """Latency of the first picture drawn from then on."""
    after: Stretch
    before: Stretch | None = None
    """The same session's steady part, where the moment wasn't its beginning."""
    piled_up: int | None = None
    """Pictures shown that were drawn before the first was on screen, where the moment was the session's beginning."""


async def measure(count: int, video: Format) -> list[Row]:
    """`count` of each, pauses and late joins in every codec; steady is how it is before the pauses."""
    rows: list[Row] = []
    steady: dict[VideoCodec, Summary] = {}
    async with stack(env=QUIET, catches_up=False) as running:
        for codec in _P95_MS:
            paused = [await _paused(running, codec) for _ in range(count)]
            late = [await _begun(running, codec, late_s=_LATE_S) for _ in range(count)]
            steady[codec] = Summary.of([ms for part in paused if part.before for ms in part.before.latencies_ms])
            rows += _rows("a pause of 5 s", paused, steady[codec], replace(video, codec=codec))
            rows += _rows("joining 2 s late", late, steady[codec], replace(video, codec=codec))
    usual = steady[video.codec]
    async with stack(env=QUIET) as running:
        late = [await _begun(running, video.codec, late_s=_LATE_S) for _ in range(count)]
        rows += _rows("joining 2 s late, model that catches up", late, usual, video)
    idle = []
    async with stack(catches_up=False) as running:
        for _ in range(count):
            await asyncio.sleep(_IDLE_S)
            idle.append(await _begun(running, video.codec))
    return rows + _rows("60 s of idle", idle, usual, video)


def _rows(what: str, parts: Sequence[Resumed], steady: Summary, video: Format) -> list[Row]:
    name = f"{what}, {video.codec}"
    first = Summary.of([part.next_ms for part in parts])
    after = Summary.of([value for part in parts for value in part.after.latencies_ms])
    interval_ms, limit_ms = 1000 / video.fps, _P95_MS[video.codec]
    rows = [
        Row(f"next frame after {name} (floor: steady)", "ms", first, steady,
            "p95 <= steady p95 + an interval", lambda mine, its: mine.p95 <= its.p95 + interval_ms),
        Row(f"draw -> decode in the 5 s after {name} (floor: steady)", "ms", after, steady,
            f"p50 <= {_STEADY} x steady, p95 <= {limit_ms:.0f}",
            lambda mine, its: mine.p50 <= _STEADY * its.p50 and mine.p95 <= limit_ms),
        single(f"fastest second after {name}", "x drawn speed", max(part.after.speed() for part in parts), _FASTEST),
    ]  # fmt: skip
    piled_up = [part.piled_up for part in parts if part.piled_up is not None]
    return [*rows, _held(name, piled_up, video)] if piled_up else rows


def _held(name: str, piled_up: Sequence[int], video: Format) -> Row:
    """What is shown of the time before; at most as many as the ring of a model of single frames holds."""
    what = f"shown though drawn before the first was on screen, that one included, {name}"
    slots = slot_count(1, video.width * video.height * 3)
    target = f"none > {slots}, the slots of the ring"
    return Row(what, "pictures", Summary.of(piled_up), None, target, lambda mine, _its: max(mine.samples) <= slots)


async def _paused(running: Stack, codec: str) -> Resumed:
    async with running.session(codec) as viewer:
        whole = asyncio.create_task(viewer.stretch(2 * STRETCH_S + _PAUSE_S + 1, SETTLE_S))
        await viewer.first_marked()
        await asyncio.sleep(SETTLE_S + STRETCH_S)
        await viewer.command("pause", seconds=_PAUSE_S)
        seen = await whole
    drawn_s = [reading.drawn_at_s for reading, _ in seen.fresh]
    resumed_s = drawn_s[int(np.argmax(np.diff(drawn_s))) + 1]
    # Until just before the pause, which the command began: its own end is no part of it.
    return replace(_resumed(seen, resumed_s), before=seen.since(drawn_s[0], STRETCH_S - 0.5))


async def _begun(running: Stack, codec: str, *, late_s: float = 0.0) -> Resumed:
    async with running.session(codec, late_s=late_s) as viewer:
        seen = await viewer.stretch(STRETCH_S + 1)
    return replace(_resumed(seen, seen.fresh[0][1]), piled_up=seen.piled_up)


def _resumed(whole: Stretch, moment_s: float) -> Resumed:
    after = whole.since(moment_s, STRETCH_S)
    return Resumed(after.latencies_ms[0], after)
