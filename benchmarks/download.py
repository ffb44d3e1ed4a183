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
from pathlib import Path

from benchmarks.figures import Row, Summary, single
from benchmarks.format import Format

_MIB = 1024 * 1024
_FACTOR = 0.9
_GROWTH_MIB = 96.0
_SMALL_FACTOR = 3.0
_SMALL_FILES = 2000
_SMALL_BYTES = 16 * 1024
_SMALL_TURNS = 2  # at most: boto3 alone takes 6 s and more for one
_DELAY_S = 0.002  # a registry in the same town; on this machine alone there is nothing to wait for
_CONNECTIONS = 10


async def measure(count: int, _video: Format) -> list[Row]:
    """`count` turns of ours and boto3's: 1 GiB (64 files, one of 512 MiB), then 2,000 files of 16 KiB."""
    return await asyncio.to_thread(_measured, count)


def _measured(count: int) -> list[Row]:
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from support.s3_server import program, running_s3_server  # noqa: PLC0415 - the tests' server

    with tempfile.TemporaryDirectory(prefix="download-", dir=os.environ.get("REACTOR_BENCH_DIR")) as text:
        folder = Path(text)
        with running_s3_server(program(), folder / "server") as server:
            server.make_bucket("weights")
            os.environ.update(server.environment())
            return [*_large(folder, count), *_small(folder, server.port, count)]


def _large(folder: Path, count: int) -> list[Row]:
    source = folder / "source"
    sizes = [512 * _MIB, *[8 * _MIB + 131072 + 1024 * n for n in range(63)]]
    _write(source, sizes)
    rows = []
    for indexed in (True, False):
        name = "Indexed" if indexed else "Bare"
        _put(name, source, indexed=indexed)
        runs = _in_turns(folder, name, count)
        ours, floor = ([run["mib_s"] for run in runs[how]] for how in ("ours", "boto3"))
        mine, its = Summary.of(ours), Summary.of(floor)
        met = mine.p50 >= _FACTOR * its.p50
        what = f"1 GiB in 64 files, verified, {'with' if indexed else 'without'} an index (floor: boto3, 10 threads)"
        rows.append(Row(what, "MiB/s", mine, its, f">= {_FACTOR:g} x floor", met))
        growth = max(run["growth_mib"] for run in runs["ours"])
        rows.append(single(f"memory growth meanwhile, {name.lower()}", "MiB", growth, _GROWTH_MIB))
    shutil.rmtree(source)
    return rows


def _in_turns(
    folder: Path, name: str, count: int, ways: tuple[str, ...] = ("ours", "boto3")
) -> dict[str, list[dict[str, float]]]:
    """All, now one first, now the other: what ran before leaves pages and disk in a state that changes the figures.

    In a fixed order the same program differed by more than what is measured here.
    """
    runs: dict[str, list[dict[str, float]]] = {how: [] for how in ways}
    for turn in range(count):
        for how in ways if turn % 2 else ways[::-1]:
            runs[how].append(_fetch(folder, how, name))
    return runs


def _small(folder: Path, port: int, count: int) -> list[Row]:
    from support.tcp_proxy import Fault, TcpProxy  # noqa: PLC0415 - the tests' proxy

    source = folder / "source"
    _write(source, [_SMALL_BYTES] * _SMALL_FILES)
    _put("Small", source, indexed=True)
    rows = []
    for delay_s in (0.0, _DELAY_S):
        with contextlib.ExitStack() as stack:
            if delay_s:
                proxy = stack.enter_context(TcpProxy(port, lambda _number: Fault(delay_s=_DELAY_S)))
                os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{proxy.port}"
            runs = _in_turns(folder, "Small", min(count, _SMALL_TURNS), ("ours", "boto3 in turn", "in turn"))
        at_once, bare, own = (Summary.of([run["seconds"] for run in runs[how]]) for how in runs)
        what = f"{_SMALL_FILES} files of 16 KiB, server {delay_s * 1000:g} ms away"
        target = f"<= floor / {_SMALL_FACTOR:g}"
        for floor, name in ((bare, "boto3, one after another"), (own, "ours with one connection")):
            met = at_once.p50 * _SMALL_FACTOR <= floor.p50
            rows.append(Row(f"{what} (floor: {name})", "s", at_once, floor, target, met))
    return rows


def _write(folder: Path, sizes: list[int]) -> None:
    folder.mkdir()
    noise = os.urandom(64 * _MIB)
    for number, size in enumerate(sizes):
        with (folder / f"{number:04}.bin").open("wb") as file:
            file.write(number.to_bytes(8, "big"))
            left = size - 8
            while left:
                left -= file.write(noise[: min(left, len(noise))])


def _put(name: str, source: Path, *, indexed: bool) -> None:
    """Upload as our program does, or as any other."""
    _child("put", name, str(source), "index" if indexed else "none")
    os.sync()  # what the server still writes isn't to be measured


def _fetch(folder: Path, how: str, name: str) -> dict[str, float]:
    with _cache(folder, keep=name == "Small") as cache:
        return _child(how, name, str(cache))


@contextlib.contextmanager
def _cache(folder: Path, *, keep: bool) -> Iterator[Path]:
    """An empty cache of its own.

    Parameters:
        keep: don't remove it yet. Ext4 doesn't reuse the number of a file that was just removed: to make 2,000 files
            where 2,000 have been takes 1.6 s of CPU, instead of 0.07 s.
    """
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
