"""Product and floor on one machine, their viewer on another, and a cable that has every fault: a process of its own.

`python -m benchmarks.faulty_network COUNT CODEC` prints, as JSON, what `network` makes rows of. It stays in the
servers' namespace, where no other benchmark could go on.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import asdict, dataclass, field
from functools import partial
from statistics import median
from typing import cast

from benchmarks.floor import ROOT, Floor, floor
from benchmarks.format import Format
from benchmarks.product import QUIET, Stack, stack
from benchmarks.turns import SETTLE_S, tried
from benchmarks.viewer import PATIENCE_S
from reactor_protocol.frontend import VideoCodec
from support.network import Cable, Conditions, Machine

_SERVERS = Cable.addresses[0]
_VIEWER = 1
_USUAL_S = 2.0
_LOOKED_AT_S = (1.0, 5.0)
"""Of the time after a fault's end: new pictures are promised within a second, the delay has to be gone by then too."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to the cable, and how long."""

    what: str
    lasts_s: float
    conditions: Conditions | None
    """None: the viewer's interface is removed and put back."""

    def on(self, cable: Cable) -> AbstractContextManager[None]:
        """Have it."""
        return cable.pulled(_VIEWER) if self.conditions is None else _changed(cable, self.conditions)


FAULTS = (
    Fault("a black-out of 2 s", 2.0, Conditions(cut=True)),
    Fault("4 s of 5 % loss", 4.0, Conditions(loss=0.05)),
    Fault("4 s of 100 ms jitter", 4.0, Conditions(jitter_s=0.1)),
    Fault("2 s without the interface", 2.0, None),
    Fault("4 s without the interface", 4.0, None),
)


@dataclass(frozen=True, slots=True)
class Healed:
    """After the end of a fault."""

    first_ms: float
    """From then until the first picture was decoded that was drawn after it."""
    growth_ms: list[float]
    """How much older than the session's usual each picture of the seconds looked at was."""


@dataclass
class Watcher:
    """The viewer's process."""

    process: asyncio.subprocess.Process
    pictures: list[tuple[float, float]] = field(default_factory=list)
    """When each was drawn and decoded."""

    async def read(self) -> None:
        """Follow what it prints."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            drawn_at_s, seen_at_s = (float(word) for word in line.split())
            self.pictures.append((drawn_at_s, seen_at_s))

    async def first_after(self, moment_s: float) -> float:
        """When the first picture was decoded that was drawn after a moment."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := [seen_s for drawn_s, seen_s in self.pictures if drawn_s > moment_s]):
                if self.process.returncode is not None:
                    raise ConnectionError("the viewer ended")
                await asyncio.sleep(0.02)
        return found[0]

    def ages_ms(self, since_s: float, until_s: float) -> list[float]:
        """Of the pictures that were decoded between two moments."""
        return [(seen_s - drawn_s) * 1000 for drawn_s, seen_s in self.pictures if since_s < seen_s < until_s]


Watching = Callable[[], AbstractAsyncContextManager[Watcher]]


async def _healed(watching: Watching, cable: Cable) -> list[Healed]:
    """One session with each fault in turn."""
    async with watching() as watcher:
        await watcher.first_after(time.monotonic())
        await asyncio.sleep(SETTLE_S + _USUAL_S)
        usual_ms = median(watcher.ages_ms(time.monotonic() - _USUAL_S, time.monotonic()))
        return [await _after(fault, watcher, cable, usual_ms) for fault in FAULTS]


async def _after(fault: Fault, watcher: Watcher, cable: Cable, usual_ms: float) -> Healed:
    with fault.on(cable):
        await asyncio.sleep(fault.lasts_s)
    ended_s = time.monotonic()
    first_s = await watcher.first_after(ended_s)
    since_s, until_s = (ended_s + seconds for seconds in _LOOKED_AT_S)
    await asyncio.sleep(max(0.0, until_s - time.monotonic()))
    ages_ms = watcher.ages_ms(since_s, until_s)
    return Healed((first_s - ended_s) * 1000, [age_ms - usual_ms for age_ms in ages_ms])


@contextlib.contextmanager
def _changed(cable: Cable, conditions: Conditions) -> Iterator[None]:
    cable.conditions = conditions
    try:
        yield
    finally:
        cable.conditions = Conditions()


@contextlib.asynccontextmanager
async def _watcher(machine: Machine, *arguments: str) -> AsyncIterator[Watcher]:
    process = await asyncio.create_subprocess_exec(
        *machine.command(sys.executable, "-m", "benchmarks.watcher", *arguments),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    watcher = Watcher(process)
    reading = asyncio.create_task(watcher.read())
    try:
        yield watcher
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            await reading


@contextlib.asynccontextmanager
async def _bare(bare: Floor, machine: Machine) -> AsyncIterator[Watcher]:
    async with bare.room("marked"):
        url = bare.endpoint.url.replace("127.0.0.1", _SERVERS)
        async with _watcher(machine, "room", url, bare.viewer_token()) as watcher:
            yield watcher


def _ours(running: Stack, machine: Machine, codec: str) -> AbstractAsyncContextManager[Watcher]:
    return _watcher(machine, "session", f"ws://{_SERVERS}:{running.ports['coordinator']}/ws", codec)


async def main() -> None:
    """Measure, in turns; what a fault of the product's session breaks counts as a failure."""
    count, video = int(sys.argv[1]), Format(codec=cast("VideoCodec", sys.argv[2]))
    ours: list[list[Healed]] = []
    floors: list[list[Healed]] = []
    failures = 0
    with Machine.made("servers") as servers, Machine.made("viewer") as viewer, Cable(servers, viewer) as cable:
        servers.enter()
        async with (
            floor(video, public_host=_SERVERS) as bare,
            stack(env={**QUIET, "REACTOR_PUBLIC_HOST": _SERVERS}) as running,
        ):
            for _ in range(count):
                await tried(_healed(partial(_bare, bare, viewer), cable), floors)
                failures += await tried(_healed(partial(_ours, running, viewer, video.codec), cable), ours)
    told = {"ours": ours, "floor": floors, "failures": failures}
    print(json.dumps(told, default=asdict))


if __name__ == "__main__":
    asyncio.run(main())
