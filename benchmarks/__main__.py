"""`python -m benchmarks [name …]`: Markdown on standard output, JSON where `--json` says."""

import argparse
import asyncio
import logging
import sys
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import (
    bursty,
    chromium,
    cpu,
    download,
    emitting,
    entry,
    first_frame,
    hand_over,
    idle,
    killed,
    latency,
    life,
    network,
    pacing,
    prepared,
    rates,
    reaction,
    resume,
    round_trip,
    small_files,
    soak,
)
from benchmarks.browser import figures as browser
from benchmarks.browser import studio
from benchmarks.containers import restart as compose_restart
from benchmarks.containers import start as compose_up
from benchmarks.containers import video as compose
from benchmarks.figures import Report, Row, Summary
from benchmarks.format import Format


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What measures, and how often where `--count` doesn't say."""

    measure: Callable[[int, Format], Coroutine[Any, Any, list[Row]]]
    count: int


BENCHMARKS = {
    "first_frame": Benchmark(first_frame.measure, 100),
    "idle": Benchmark(idle.measure, 6),
    "chromium": Benchmark(chromium.measure, 30),
    "browser": Benchmark(browser.measure, 30),
    "studio": Benchmark(studio.measure, 20),
    "hand_over": Benchmark(hand_over.measure, 30),
    "killed": Benchmark(killed.measure, 30),
    "prepared": Benchmark(prepared.measure, 30),
    "entry": Benchmark(entry.measure, 30),
    "latency": Benchmark(latency.measure, 4),
    "pacing": Benchmark(pacing.measure, 4),
    "bursty": Benchmark(bursty.measure, 4),
    "reaction": Benchmark(reaction.measure, 60),
    "resume": Benchmark(resume.measure, 3),
    "rates": Benchmark(rates.measure, 3),
    "round_trip": Benchmark(round_trip.measure, 400),
    "emitting": Benchmark(emitting.measure, 200),
    "network": Benchmark(network.measure, 5),
    "cpu": Benchmark(cpu.measure, 4),
    "download": Benchmark(download.measure, 6),
    "small_files": Benchmark(small_files.measure, 3),
    "life": Benchmark(life.measure, 5),
    "soak": Benchmark(soak.measure, 60),
    "compose": Benchmark(compose.measure, 30),
    "compose_restart": Benchmark(compose_restart.measure, 5),
    "compose_up": Benchmark(compose_up.measure, 3),
}


def main() -> int:
    """Run the benchmarks named, all without a name; 1 if a target was missed or a benchmark failed."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--count", type=int, help="repetitions of each")
    parser.add_argument("--codec", choices=["vp9", "vp8", "h264"], default="vp9")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--add", action="store_true", help="to what that file has: the samples of both count")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no benchmark called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    if arguments.add and not arguments.json:
        parser.error("--add needs --json FILE")
    logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it calls each end of a room an error
    report = Report()
    if arguments.add and arguments.json.exists():
        report = Report.of_json(arguments.json.read_text())
    for name in arguments.names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        report.add(_rows(name, arguments.count, Format(codec=arguments.codec)))
        if arguments.json:
            arguments.json.write_text(report.json())
    print(report.markdown())
    return 0 if all(row.met for row in report.rows) else 1


def _rows(name: str, count: int | None, video: Format) -> list[Row]:
    """The benchmark's rows; one that says so when it failed, so that the others are still measured."""
    benchmark = BENCHMARKS[name]
    try:
        return asyncio.run(benchmark.measure(count or benchmark.count, video))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and the run fails
        traceback.print_exc()
        what = f"{name}: {type(error).__name__}"
        return [Row(what, "-", Summary.of([]), None, "measured at all", lambda *_: False)]


if __name__ == "__main__":
    sys.exit(main())
