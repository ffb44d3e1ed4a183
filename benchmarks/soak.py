"""Sessions in a row: what our processes keep of them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil

from benchmarks.figures import Row, single
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.processes import Usage, by_role, usage
from benchmarks.product import Stack, stack

_SHARE = 3  # the first and last third are compared: of 60 sessions 20 each
_PLUS_MIB = 5.0
_WATCHED_S = 0.5
_SETTLED_S = 2.0  # the old track is gone and the next one up: each costs 45 MiB of the SDK's while it is there
_OURS = ("coordinator", "runtime", "worker", "reactor run")
_STANDBY_ROOMS = 1


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions of the product and of the floor, side by side, on one LiveKit server whose rooms are counted."""
    shm = _shm()
    async with floor(video) as bare, stack(livekit=bare.endpoint) as running:
        members = by_role(running.process.pid)
        processes = len(psutil.Process(running.process.pid).children(recursive=True))
        floors, ours = [], []
        for _ in range(count):
            its, mine = await asyncio.gather(_floors(bare), _ours(running, members, video))
            floors.append(its)
            ours.append(mine)
        left = {
            "processes": len(psutil.Process(running.process.pid).children(recursive=True)) - processes,
            "rooms": len(await bare.foreign_rooms()) - _STANDBY_ROOMS,
            "blocks in /dev/shm": len(_shm() - shm),
        }
    grown_mib = _growth([each.rss_mib for each in floors])
    by_name = {name: [each[name] for each in ours] for name in _OURS}
    rows = [
        single(f"growth of {name} over {count} sessions", "MiB", _growth([each.rss_mib for each in found]),
               max(grown_mib, 0.0) + _PLUS_MIB, floor=grown_mib, target=f"<= floor + {_PLUS_MIB:.0f}")
        for name, found in by_name.items()
    ]  # fmt: skip
    for what, of in (("threads", _threads), ("file descriptors", _fds)):
        rows += [
            single(f"{what} that {name} kept of {count} sessions", what, _kept([of(each) for each in found]), 0)
            for name, found in by_name.items()
        ]
    return rows + [single(f"{what} left", what, number, 0) for what, number in left.items()]


async def _floors(bare: Floor) -> Usage:
    async with bare.session() as viewer:
        await viewer.first_marked()
        await asyncio.sleep(_WATCHED_S)
    await asyncio.sleep(_SETTLED_S)
    await bare.give_back()
    return usage(psutil.Process(bare.pid))


async def _ours(running: Stack, members: dict[str, psutil.Process], video: Format) -> dict[str, Usage]:
    async with running.session(video.codec) as viewer:
        await viewer.first_marked()
        await asyncio.sleep(_WATCHED_S)
    await asyncio.sleep(_SETTLED_S)
    return {name: usage(members[name]) for name in _OURS}


def _growth(values: Sequence[float]) -> float:
    part = max(1, len(values) // _SHARE)
    return median(values[-part:]) - median(values[:part])


def _kept(values: Sequence[float]) -> float:
    """What is there at each look: a pooled connection that is about to close isn't."""
    part = max(1, len(values) // _SHARE)
    return min(values[-part:]) - min(values[:part])


def _threads(of: Usage) -> float:
    return of.threads


def _fds(of: Usage) -> float:
    return of.fds


def _shm() -> set[str]:
    folder = Path("/dev/shm")  # noqa: S108
    return {file.name for file in folder.iterdir()} if folder.is_dir() else set()
