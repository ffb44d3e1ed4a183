"""2,000 small files from a real S3 server, on this machine and as far away as the next town."""

import asyncio
import contextlib
import os

from benchmarks.download import Bucket, registry
from benchmarks.figures import Row, Summary
from benchmarks.format import Format
from support.tcp_proxy import Fault, TcpProxy

_FACTOR = 3.0
_FILES = 2000
_BYTES = 16 * 1024
_DELAYS_S = (0.0, 0.002)
"""A registry in the same town; on this machine alone there is nothing to wait for."""
_WAYS = {"ours": "", "boto3 in turn": "boto3, one after another", "in turn": "ours with one connection"}


async def measure(count: int, _video: Format) -> list[Row]:
    """`count` turns at each distance of ours, of boto3 one file after another, and of ours with one connection."""
    return await asyncio.to_thread(_measured, count)


def _measured(count: int) -> list[Row]:
    with registry() as bucket:
        bucket.put("Small", bucket.write_source([_BYTES] * _FILES), indexed=True)
        return [row for delay_s in _DELAYS_S for row in _rows(bucket, count, delay_s)]


def _rows(bucket: Bucket, count: int, delay_s: float) -> list[Row]:
    with contextlib.ExitStack() as stack:
        if delay_s:
            os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{_delayed(stack, bucket.port, delay_s)}"
        runs = bucket.in_turns("Small", count, tuple(_WAYS), keep=True)
    ours, *floors = (Summary.of([run["seconds"] for run in runs[how]]) for how in _WAYS)
    what = f"{_FILES} files of 16 KiB, server {delay_s * 1000:g} ms away"
    return [
        Row(f"{what} (floor: {name})", "s", ours, floor, f"<= floor / {_FACTOR:g}",
            lambda mine, its: mine.p50 * _FACTOR <= its.p50)
        for floor, name in zip(floors, list(_WAYS.values())[1:], strict=True)
    ]  # fmt: skip


def _delayed(stack: contextlib.ExitStack, port: int, delay_s: float) -> int:
    """The port of a proxy that lets each piece of data wait."""
    return stack.enter_context(TcpProxy(port, lambda _number: Fault(delay_s=delay_s))).port
