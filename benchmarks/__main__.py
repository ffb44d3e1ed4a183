"""`python -m benchmarks [name …]`: Markdown on standard output, JSON where `--json` says."""

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks import first_frame, latency
from benchmarks.figures import Report
from benchmarks.format import Format

BENCHMARKS = {"first_frame": (first_frame.measure, 100), "latency": (latency.measure, 4)}
"""Name -> what measures it, and how often where `--count` doesn't say."""


def main() -> int:
    """Run the benchmarks named, all without a name; 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--count", type=int, help="repetitions of each")
    parser.add_argument("--codec", choices=["vp9", "vp8", "h264"], default="vp9")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no benchmark called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    report = Report()
    for name in arguments.names or BENCHMARKS:
        measure, count = BENCHMARKS[name]
        print(f"{name} …", file=sys.stderr)
        rows = asyncio.run(measure(arguments.count or count, Format(codec=arguments.codec)))
        report.rows.extend(rows)
    print(report.markdown())
    if arguments.json:
        arguments.json.write_text(report.json())
    return 0 if all(row.met for row in report.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
