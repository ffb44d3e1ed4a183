"""The subscriber that measures, the same for the product and the floor: the LiveKit SDK and nothing else."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np
from livekit import rtc

from benchmarks.barcode import Reading, read


@dataclass(frozen=True, slots=True)
class Seen:
    """A decoded picture."""

    reading: Reading | None
    """None: a flat picture, before the first real one."""
    seen_at_s: float


class Viewer:
    """One participant in one room."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self._track: asyncio.Future[rtc.RemoteTrack] = asyncio.get_running_loop().create_future()
        self.room.on("track_subscribed", self._subscribed)

    def _subscribed(self, track: rtc.RemoteTrack, *_: object) -> None:
        if track.kind == rtc.TrackKind.KIND_VIDEO and not self._track.done():
            self._track.set_result(track)

    async def join(self, url: str, token: str) -> None:
        """Enter the room. Never cancelled: the SDK doesn't survive that."""
        options = rtc.RoomOptions(auto_subscribe=True, single_peer_connection=True)
        await self.room.connect(url, token, options)

    async def pictures(self) -> AsyncGenerator[Seen, None]:
        """Every decoded picture, the latest where reading falls behind."""
        stream = rtc.VideoStream(await self._track, capacity=1, format=rtc.VideoBufferType.RGB24)
        try:
            async for event in stream:
                now_s = time.monotonic()
                frame = event.frame
                pixels = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 3)
                yield Seen(read(pixels), now_s)
        finally:
            await stream.aclose()

    async def first_marked(self) -> Seen:
        """Wait for the first picture with a barcode."""
        async with contextlib.aclosing(self.pictures()) as pictures:
            async for seen in pictures:
                if seen.reading:
                    return seen
        raise ConnectionError("the track ended before a marked picture came")

    async def collect(self, seconds: float) -> list[Seen]:
        """All marked pictures from the first one on, for `seconds`."""
        found: list[Seen] = []
        async with contextlib.aclosing(self.pictures()) as pictures:
            async for seen in pictures:
                if seen.reading:
                    found.append(seen)
                if found and seen.seen_at_s - found[0].seen_at_s > seconds:
                    break
        return found

    async def leave(self) -> None:
        """Leave the room."""
        await self.room.disconnect()
