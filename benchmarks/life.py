"""Starting and ending the product."""

import asyncio
import socket
import time

import psutil

from benchmarks.figures import Row, limited
from benchmarks.format import Format
from benchmarks.processes import family
from benchmarks.product import Stack, stack

_PEER_START_S = 1.2  # what the peer takes; measured on this kind of machine
_START_S = 1.3 * _PEER_START_S
_END_S = 3.0
_PATIENCE_S = 20.0


async def measure(count: int, video: Format) -> list[Row]:
    """`count` starts and ends after one that isn't counted: caches are warm, as at any start but the first."""
    starts, ends = zip(*[await _life(video) for _ in range(count + 1)], strict=True)
    return [
        limited("exec -> /ready, instant model", "s", starts[1:], p50=_START_S),
        limited("SIGTERM with a viewer -> all processes gone, ports free", "s", ends[1:], p95=_END_S),
    ]


async def _life(video: Format) -> tuple[float, float]:
    async with stack(ready=False) as running:
        await running.until_ready()
        start_s = time.monotonic() - running.started_at_s
        async with running.client() as client:
            await client.ask(video.codec)
            async with client.room() as viewer:
                await viewer.first_marked()
                return start_s, await _end(running)


async def _end(running: Stack) -> float:
    members = family(running.process.pid)
    told_at_s = time.monotonic()
    running.process.terminate()
    async with asyncio.timeout(_PATIENCE_S):
        await running.process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, members[1:], _PATIENCE_S)
    if alive:
        raise TimeoutError(f"left after {_PATIENCE_S:.0f} s: {alive}")
    while not all(is_free(name, port) for name, port in running.ports.items()):
        if time.monotonic() - told_at_s > _PATIENCE_S:
            raise TimeoutError(f"ports still taken after {_PATIENCE_S:.0f} s")
        await asyncio.sleep(0.02)
    return time.monotonic() - told_at_s


def is_free(name: str, port: int) -> bool:
    """Whether that port of a stack can be had again, in the protocol that the stack uses it for."""
    kind = socket.SOCK_DGRAM if name == "media-udp" else socket.SOCK_STREAM
    with socket.socket(type=kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections don't count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
