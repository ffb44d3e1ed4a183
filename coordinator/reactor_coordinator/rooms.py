"""Our rooms on LiveKit: made and deleted here and nowhere else."""

import asyncio
import errno
import os
from collections.abc import Awaitable, Collection
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import aiohttp
from livekit.api import CreateRoomRequest, DeleteRoomRequest, ListRoomsRequest, LiveKitAPI, TwirpError

from reactor_coordinator.errors import RoomError

EMPTY_TIMEOUT_S = 24 * 3600
"""Only we delete rooms: LiveKit's own clean-up is the last resort."""

DEPARTURE_MARGIN_S = 120
"""A room outlives its last participant by the orphan grace and this much."""

CALL_TIMEOUT_S = 5.0
"""create_room takes 1 ms; a LiveKit that needs seconds is gone."""

KEEP_ALIVE_S = 0.5
"""A second connection, made when two calls once met, isn't kept for ever by looking at the rooms now and then."""

LOOK_TIMEOUT_S = 1.0
"""To list two rooms takes it 1 ms."""

MAX_PLAYOUT_DELAY_MS = {"low": 5, "smooth": 0}
"""1 to 9 all mean none on the wire and save 15 to 60 ms of client buffering; 0: the client's own choice."""


T = TypeVar("T")


def bypass_proxies(livekit_url: str) -> None:
    """Put LiveKit's host into NO_PROXY: signalling through a proxy adds latency, or fails."""
    host = urlsplit(livekit_url).hostname
    for name in ("NO_PROXY", "no_proxy"):
        entries = [entry for entry in os.environ.get(name, "").split(",") if entry]
        if host and host not in entries:
            os.environ[name] = ",".join([*entries, host])


class Rooms:
    """Rooms whose names begin with our prefix. Create inside the running loop."""

    def __init__(
        self,
        url: str,
        api_key: str,
        api_secret: str,
        *,
        prefix: str,
        latency: Literal["low", "smooth"],
        orphan_s: float,
    ) -> None:
        timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
        # trust_env stays False: no proxy between us and LiveKit.
        connector = aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE_S)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector)
        self._api = LiveKitAPI(url, api_key, api_secret, session=self._session, failover=False)
        self._prefix = prefix
        self._max_playout_delay_ms = MAX_PLAYOUT_DELAY_MS[latency]
        # An orphan grace without end leaves LiveKit's clean-up to empty_timeout.
        self._departure_s = int(orphan_s) + DEPARTURE_MARGIN_S if orphan_s else EMPTY_TIMEOUT_S

    def name(self, session_id: str) -> str:
        """The room of that session."""
        return f"{self._prefix}{session_id}"

    async def create(self, session_id: str) -> None:
        """Make the room.

        Raises:
            RoomError: LiveKit refused, or didn't answer.
        """
        request = CreateRoomRequest(
            name=self.name(session_id),
            empty_timeout=EMPTY_TIMEOUT_S,
            departure_timeout=self._departure_s,
            min_playout_delay=0,
            max_playout_delay=self._max_playout_delay_ms,
        )
        await _call(self._api.room.create_room(request), "create a room")

    async def delete(self, session_id: str) -> None:
        """Delete the room, and with it everyone's connection; one that is gone already is fine.

        Raises:
            RoomError: LiveKit refused, or didn't answer.
        """
        await self._delete_named(self.name(session_id))

    async def sweep(self) -> int:
        """Delete all rooms of ours; return how many there were.

        Raises:
            RoomError: LiveKit refused, or didn't answer.
        """
        answer = await _call(self._api.room.list_rooms(ListRoomsRequest()), "list rooms")
        names = [room.name for room in answer.rooms if room.name.startswith(self._prefix)]
        for name in names:
            await self._delete_named(name)
        return len(names)

    async def missing(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return those of the sessions whose rooms LiveKit doesn't have.

        Raises:
            RoomError: LiveKit refused, or didn't answer soon.
        """
        names = [self.name(session_id) for session_id in session_ids]
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                answer = await _call(self._api.room.list_rooms(ListRoomsRequest(names=names)), "list rooms")
        except TimeoutError:
            raise RoomError("LiveKit doesn't answer") from None
        found = {room.name for room in answer.rooms}
        return frozenset(session_id for session_id in session_ids if self.name(session_id) not in found)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _delete_named(self, name: str) -> None:
        try:
            await _call(self._api.room.delete_room(DeleteRoomRequest(room=name)), "delete a room")
        except RoomError as error:
            if error.code != "not_found":
                raise


async def _call(call: Awaitable[T], what: str) -> T:
    try:
        return await call
    except TwirpError as error:
        # Its message may repeat the token.
        raise RoomError(f"LiveKit refused to {what}: {error.code}", code=error.code) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        absent = isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno == errno.ECONNREFUSED
        raise RoomError(f"LiveKit can't be reached to {what}: {type(error).__name__}", absent=absent) from None
