"""What must hold after a fault in `reactor run`: the next client is served, and no room is left of those before."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping

from livekit import api

from reactor_client import ReactorClient
from support.limits import PATIENCE_S
from support.reactor_run import Reactor
from support.viewer import numbered


async def serves(reactor: Reactor) -> None:
    """See that a new client gets moving pictures."""
    async with asyncio.timeout(PATIENCE_S):
        async with ReactorClient(reactor.socket_url) as client:
            await numbered(client.frames(), 3)


async def rooms(reactor: Reactor) -> set[str]:
    """What LiveKit has, asked with the coordinator's key."""
    return await rooms_of(reactor.family()["reactor_coordinator"].environ())


async def rooms_of(env: Mapping[str, str]) -> set[str]:
    """What the LiveKit server has that a coordinator with that environment uses."""
    url, key, secret = (env[name] for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"))
    async with api.LiveKitAPI(url.replace("ws", "http", 1), key, secret) as livekit:
        return {room.name for room in (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms}


async def until_rooms(reactor: Reactor, wanted: Callable[[set[str]], bool]) -> None:
    """Wait until LiveKit has what is wanted."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not wanted(found := await rooms(reactor)):
        assert time.monotonic() < deadline_s, f"rooms: {found}"
        await asyncio.sleep(0.1)


async def until_one_room(reactor: Reactor, old: Collection[str] = ()) -> None:
    """Wait until LiveKit has the room that is prepared for the next session, and none of the old ones."""
    await until_rooms(reactor, lambda found: len(found) == 1 and found.isdisjoint(old))
