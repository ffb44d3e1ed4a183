"""What a viewer on another machine sees after each fault of the network between."""

import asyncio
import json
import sys
from typing import Any

from benchmarks.faulty_network import FAULTS
from benchmarks.figures import Row, Summary
from benchmarks.floor import ROOT
from benchmarks.format import Format
from support.network import wanting

_FIRST_MS = 1000.0


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions with all faults, and as many of the floor in turn."""
    if missing := wanting():
        raise OSError(f"networks can't be made here: {', '.join(missing)} wanting")
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "benchmarks.faulty_network", str(count), video.codec],
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise ChildProcessError(f"the measuring process ended with {process.returncode}")
    told = json.loads(output)
    interval_ms = 1000 / video.fps
    return [row for index, fault in enumerate(FAULTS) for row in _rows(fault.what, index, told, interval_ms)]


def _rows(what: str, index: int, told: dict[str, Any], interval_ms: float) -> list[Row]:
    ours, floors = ([session[index] for session in told[name]] for name in ("ours", "floor"))
    first, its_first = (Summary.of([healed["first_ms"] for healed in all_]) for all_ in (ours, floors))
    growth, its_growth = (Summary.of([ms for healed in all_ for ms in healed["growth_ms"]]) for all_ in (ours, floors))
    failures = told["failures"]
    return [
        Row(f"end of {what} -> first picture drawn since", "ms", first, its_first,
            f"p95 <= {_FIRST_MS:.0f}", lambda mine, _its: mine.p95 <= _FIRST_MS, failures),
        Row(f"draw -> decode in the 2nd to 5th second after {what}, beyond before", "ms", growth, its_growth,
            "p50 <= an interval", lambda mine, _its: mine.p50 <= interval_ms, failures),
    ]  # fmt: skip
