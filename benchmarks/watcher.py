"""A viewer on another machine, a process of its own: prints of each new picture when it was drawn and when decoded.

`session WS_URL CODEC` asks the product, `room URL TOKEN` enters a room. It leaves when standard input ends.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from websockets.asyncio.client import connect

from benchmarks.product import Client
from benchmarks.viewer import Viewer, viewing


@contextlib.asynccontextmanager
async def _session(ws_url: str, codec: str) -> AsyncIterator[Viewer]:
    async with connect(ws_url, proxy=None) as ws:
        client = Client(ws)
        await client.ask(codec)
        async with client.room() as viewer:
            yield viewer
        await client.leave()


async def _print(viewer: Viewer) -> None:
    shown = -1
    async with contextlib.aclosing(viewer.pictures()) as pictures:
        async for seen in pictures:
            if seen.reading and seen.reading.number > shown:
                shown = seen.reading.number
                print(seen.reading.drawn_at_s, seen.seen_at_s, flush=True)


async def main() -> None:
    """Watch until standard input ends."""
    kind, url, key = sys.argv[1:4]
    async with _session(url, key) if kind == "session" else viewing(url, key) as viewer:
        printing = asyncio.create_task(_print(viewer))
        await asyncio.to_thread(sys.stdin.read)
        printing.cancel()
        await asyncio.gather(printing, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
