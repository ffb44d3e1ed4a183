"""The floor: a publisher and a viewer on the LiveKit SDK alone, with our server's settings and our kind of rooms."""

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.format import Format
from reactor_cli.livekit_server import Endpoint, LiveKitServer, LiveKitSettings
from reactor_coordinator.rooms import Rooms
from reactor_coordinator.tokens import TokenMint

ROOT = Path(__file__).resolve().parents[1]
_ANSWER_S = 30.0  # a busy machine; a publisher that hangs longer never answers


class Floor:
    """A LiveKit server and a publishing process. Rooms are made one at a time."""

    def __init__(self, endpoint: Endpoint, publisher: asyncio.subprocess.Process, video: Format) -> None:
        self.endpoint = endpoint
        self._publisher = publisher
        self._video = video
        self._mint = TokenMint(endpoint.api_key, endpoint.api_secret)
        self._rooms = Rooms(
            endpoint.url, endpoint.api_key, endpoint.api_secret, prefix="floor-", latency="low", orphan_s=30
        )
        self._room = ""

    async def connect(self) -> None:
        """Make a room and let the publisher enter it."""
        self._room = secrets.token_hex(8)
        await self._rooms.create(self._room)
        token = self._mint.for_runtime(self._rooms.name(self._room), "publisher", subscribe=False)
        await self._tell(op="open", url=self.endpoint.url, token=token)

    async def publish(self) -> None:
        """Publish a track in that room, fed from now on."""
        await self._tell(op="publish", codec=self._video.codec, max_bitrate_bps=self._video.max_bitrate_bps)

    def viewer_token(self) -> str:
        """A token as the product gives it to its clients."""
        return self._mint.for_client(self._rooms.name(self._room), "viewer", camera=False, microphone=False)

    async def close_room(self) -> None:
        """Leave the room and delete it."""
        await self._tell(op="close")
        await self._rooms.delete(self._room)

    async def aclose(self) -> None:
        """End the publisher."""
        await self._rooms.aclose()
        assert self._publisher.stdin is not None
        self._publisher.stdin.close()
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self._publisher.wait()
        except TimeoutError:
            self._publisher.kill()

    async def _tell(self, **request: Any) -> None:
        assert self._publisher.stdin is not None
        assert self._publisher.stdout is not None
        self._publisher.stdin.write(json.dumps(request).encode() + b"\n")
        async with asyncio.timeout(_ANSWER_S):
            if not await self._publisher.stdout.readline():
                raise ConnectionError(f"the floor's publisher ended during {request['op']}")


@contextlib.asynccontextmanager
async def floor(video: Format) -> AsyncIterator[Floor]:
    """Start the floor's server and publisher."""
    async with LiveKitServer(LiveKitSettings(port=0, tcp_port=0, udp_port=0)) as endpoint:
        publisher = await asyncio.create_subprocess_exec(
            sys.executable,
            *["-m", "benchmarks.publisher", str(video.width), str(video.height), str(video.fps)],
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        running = Floor(endpoint, publisher, video)
        try:
            yield running
        finally:
            await running.aclose()
