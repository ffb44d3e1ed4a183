"""The floor: a publisher and a viewer on the LiveKit SDK alone, with our server's settings and our kind of rooms."""

import asyncio
import contextlib
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from livekit.api import ListRoomsRequest, LiveKitAPI

from benchmarks.format import Format
from benchmarks.viewer import Viewer, viewing
from reactor_cli.livekit_server import Endpoint, LiveKitServer, LiveKitSettings
from reactor_coordinator.rooms import Rooms
from reactor_coordinator.tokens import TokenMint

ROOT = Path(__file__).resolve().parents[1]
_ANSWER_S = 30.0  # a busy machine; a publisher that hangs longer never answers
_FED_S = 0.3  # the track's large first frame has passed by then

Track = Literal["none", "flat", "marked"]
"""What the publisher shows: no track, one fed with a flat picture, or one with the barcode."""


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

    @property
    def pid(self) -> int:
        """The publisher's."""
        return self._publisher.pid

    @contextlib.asynccontextmanager
    async def room(self, track: Track) -> AsyncIterator[None]:
        """Make a room with the publisher in it; with a track, once its first large frame has passed."""
        self._room = secrets.token_hex(8)
        await self._rooms.create(self._room)
        token = self._mint.for_runtime(self._rooms.name(self._room), "publisher", subscribe=False)
        await self._tell(op="open", url=self.endpoint.url, token=token)
        try:
            if track != "none":
                await self.publish(track)
                await asyncio.sleep(_FED_S)
            yield
        finally:
            await self._tell(op="close")
            await self._rooms.delete(self._room)

    async def publish(self, track: Track = "marked") -> None:
        """Publish a track in that room, fed from now on."""
        video = self._video
        await self._tell(
            op="publish", codec=video.codec, max_bitrate_bps=video.max_bitrate_bps, marked=track == "marked"
        )

    async def mark(self) -> None:
        """Show the barcode from now on."""
        await self._tell(op="mark")

    async def drawing_cpu_s(self) -> float:
        """What drawing has cost the publisher so far."""
        return float(await self._tell(op="drawing"))

    async def give_back(self) -> None:
        """Have the publisher give free memory back, as the product does by itself."""
        await self._tell(op="give_back")

    def viewer_token(self) -> str:
        """A token as the product gives it to its clients."""
        return self._mint.for_client(self._rooms.name(self._room), "viewer", camera=False, microphone=False)

    @contextlib.asynccontextmanager
    async def session(self, track: Track = "marked") -> AsyncIterator[Viewer]:
        """A room with a publisher and a viewer."""
        async with self.room(track), viewing(self.endpoint.url, self.viewer_token()) as viewer:
            yield viewer

    async def first_frame_ms(self) -> float:
        """From asking to the first picture, with the track up and fed."""
        async with self.room("marked"):
            asked_s = time.monotonic()
            async with viewing(self.endpoint.url, self.viewer_token()) as viewer:
                return ((await viewer.first_marked()).seen_at_s - asked_s) * 1000

    async def foreign_rooms(self) -> list[str]:
        """Rooms on this server that aren't the floor's."""
        async with LiveKitAPI(self.endpoint.url, self.endpoint.api_key, self.endpoint.api_secret) as api:
            rooms = (await api.room.list_rooms(ListRoomsRequest())).rooms
        return [room.name for room in rooms if not room.name.startswith("floor-")]

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

    async def _tell(self, **request: Any) -> Any:
        assert self._publisher.stdin is not None
        assert self._publisher.stdout is not None
        self._publisher.stdin.write(json.dumps(request).encode() + b"\n")
        async with asyncio.timeout(_ANSWER_S):
            line = await self._publisher.stdout.readline()
        if not line:
            raise ConnectionError(f"the floor's publisher ended during {request['op']}")
        return json.loads(line)["answer"]


@contextlib.asynccontextmanager
async def floor(video: Format, *, public_host: str | None = None) -> AsyncIterator[Floor]:
    """Start the floor's server and publisher; `public_host`: this machine's address, for viewers on others."""
    async with LiveKitServer(LiveKitSettings(port=0, tcp_port=0, udp_port=0, public_host=public_host)) as endpoint:
        publisher = await asyncio.create_subprocess_exec(
            sys.executable,
            *["-m", "benchmarks.publisher", str(video.width), str(video.height), str(video.fps)],
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        running = Floor(endpoint, publisher, video)
        try:
            await running.first_frame_ms()  # the first one loads libraries, here and there
            yield running
        finally:
            await running.aclose()
