"""Weight folders from a real S3 server on this machine, beside boto3's own transfer of the same objects.

Whatever fetches does so in a process of its own, so that memory is that of the download and nothing else.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Row, Summary
from benchmarks.format import Format
from support.s3_server import program, running_s3_server

_MIB = 1024 * 1024
_FACTOR = 0.9
_GROWTH_MIB = 96.0
_WAYS = ("ours", "boto3")


async def measure(count: int, _video: Format) -> list[Row]:
    """`count` turns of ours and boto3's: 1 GiB (64 files, one of 512 MiB), with an index and without."""
    return await asyncio.to_thread(_measured, count)


def _measured(count: int) -> list[Row]:
    with registry() as bucket:
        source = bucket.write_source([512 * _MIB, *[8 * _MIB + 131072 + 1024 * n for n in range(63)]])
        rows = []
        for indexed in (True, False):
            name = "Indexed" if indexed else "Bare"
            bucket.put(name, source, indexed=indexed)
            rows += _rows(bucket.in_turns(name, count, _WAYS), "with" if indexed else "without")
        return rows


def _rows(runs: dict[str, list[dict[str, float]]], with_index: str) -> list[Row]:
    ours, floor = (Summary.of([run["mib_s"] for run in runs[how]]) for how in _WAYS)
    growth, its_growth = (Summary.of([run["growth_mib"] for run in runs[how]]) for how in _WAYS)
    what = f"1 GiB in 64 files, verified, {with_index} an index (floor: boto3, 10 threads)"
    return [
        Row(what, "MiB/s", ours, floor, f">= {_FACTOR:g} x floor", lambda mine, its: mine.p50 >= _FACTOR * its.p50),
        Row(f"memory growth meanwhile, {with_index} an index", "MiB", growth, its_growth, f"none > {_GROWTH_MIB:.0f}",
            lambda mine, _its: max(mine.samples) <= _GROWTH_MIB),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that the environment's credentials reach, and a place for what is fetched from it."""

    folder: Path
    port: int
    """Of its server, on this machine."""

    def write_source(self, sizes: list[int]) -> Path:
        """Write a folder with files of so many bytes, which no disk or server can make smaller."""
        source = self.folder / "source"
        source.mkdir()
        noise = os.urandom(64 * _MIB)
        for number, size in enumerate(sizes):
            with (source / f"{number:04}.bin").open("wb") as file:
                file.write(number.to_bytes(8, "big"))
                left = size - 8
                while left:
                    left -= file.write(noise[: min(left, len(noise))])
        return source

    def put(self, name: str, source: Path, *, indexed: bool) -> None:
        """Upload as our program does, or as any other."""
        _child("put", name, str(source), "index" if indexed else "none")
        os.sync()  # what the server still writes isn't to be measured

    def in_turns(
        self, name: str, count: int, ways: tuple[str, ...], *, keep: bool = False
    ) -> dict[str, list[dict[str, float]]]:
        """All, now one first, now the other: what ran before leaves pages and disk in a state that changes the figures.

        In a fixed order the same program differed by more than what is measured here.

        Args:
            name: of the folder in the bucket.
            count: turns.
            ways: to fetch it.
            keep: don't remove what was fetched yet. Ext4 doesn't reuse the number of a file that was just removed: to
                make 2,000 files where 2,000 have been takes 1.6 s of CPU, instead of 0.07 s.
        """
        runs: dict[str, list[dict[str, float]]] = {how: [] for how in ways}
        for turn in range(count):
            for how in ways if turn % 2 else ways[::-1]:
                with _cache(self.folder, keep=keep) as cache:
                    runs[how].append(_child(how, name, str(cache)))
        return runs


@contextlib.contextmanager
def registry() -> Iterator[Bucket]:
    """Run an S3 server with an empty bucket; its address and credentials are in the environment."""
    with tempfile.TemporaryDirectory(prefix="download-", dir=os.environ.get("REACTOR_BENCH_DIR")) as text:
        folder = Path(text)
        with running_s3_server(program(), folder / "server") as server:
            server.make_bucket("weights")
            os.environ.update(server.environment())
            yield Bucket(folder, server.port)


@contextlib.contextmanager
def _cache(folder: Path, *, keep: bool) -> Iterator[Path]:
    """An empty cache of its own."""
    cache = Path(tempfile.mkdtemp(prefix="cache-", dir=folder))
    yield cache
    if not keep:
        shutil.rmtree(cache)
    os.sync()


def _child(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.downloader", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
