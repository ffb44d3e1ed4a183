"""A client to be killed, a process of its own: watches its session, prints a line at its first picture."""

import asyncio
import sys

from websockets.asyncio.client import connect

from benchmarks.product import Client

_LONGEST_S = 60.0  # nobody killed it: the benchmark has ended


async def main() -> None:
    """Ask and watch."""
    url, codec = sys.argv[1:3]
    async with connect(url, proxy=None) as ws:
        client = Client(ws)
        await client.ask(codec)
        async with client.room() as viewer:
            await viewer.first_marked()
            print("watching", flush=True)
            await viewer.stretch(_LONGEST_S)


if __name__ == "__main__":
    asyncio.run(main())
