"""The subscriber that measures, the same for the product and the floor: the LiveKit SDK and nothing else."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import numpy as np
from livekit import rtc

from benchmarks.barcode import read
from benchmarks.stretch import Counts, Seen, Stretch
from reactor_protocol.application import TOPIC

PATIENCE_S = 20.0
"""A picture or an answer that takes longer counts as failed."""

_QUEUE = 8  # read at once, so it adds no latency; one of the SDK's usual one loses 1 to 3 % of the pictures itself


class Viewer:
    """One participant in one room."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self._track: asyncio.Future[rtc.RemoteTrack] = asyncio.get_running_loop().create_future()
        self._texts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading: set[asyncio.Task[None]] = set()
        self.room.on("track_subscribed", self._subscribed)
        self.room.register_text_stream_handler(TOPIC, self._text_opened)

    def _subscribed(self, track: rtc.RemoteTrack, *_: object) -> None:
        if track.kind == rtc.TrackKind.KIND_VIDEO and not self._track.done():
            self._track.set_result(track)

    def _text_opened(self, reader: rtc.TextStreamReader, _identity: str) -> None:
        task = asyncio.get_running_loop().create_task(self._read_text(reader))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read_text(self, reader: rtc.TextStreamReader) -> None:
        with contextlib.suppress(rtc.StreamError):  # the room was left meanwhile
            self._texts.put_nowait(json.loads(await reader.read_all()))

    async def join(self, url: str, token: str) -> None:
        """Enter the room. Never cancelled: the SDK doesn't survive that."""
        options = rtc.RoomOptions(auto_subscribe=True, single_peer_connection=True)
        await asyncio.shield(self.room.connect(url, token, options))

    async def subscribed(self) -> None:
        """Wait until the track is subscribed."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.shield(self._track)

    async def pictures(self) -> AsyncGenerator[Seen, None]:
        """Every decoded picture."""
        stream = rtc.VideoStream(await self._track, capacity=_QUEUE, format=rtc.VideoBufferType.RGB24)
        try:
            async for event in stream:
                now_s = time.monotonic()
                frame = event.frame
                pixels = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 3)
                yield Seen(read(pixels), now_s)
        finally:
            await stream.aclose()

    async def first_marked(self, wanted: Callable[[Seen], bool] = lambda _seen: True) -> Seen:
        """Wait for the first picture with a barcode (that is as wanted)."""
        async with asyncio.timeout(PATIENCE_S), contextlib.aclosing(self.pictures()) as pictures:
            async for seen in pictures:
                if seen.reading and wanted(seen):
                    return seen
        raise ConnectionError("the track ended before a marked picture came")

    async def stretch(self, seconds: float, settle_s: float = 0.0) -> Stretch:
        """All marked pictures of `seconds` that begin `settle_s` after the first one."""
        found: list[Seen] = []
        before: asyncio.Task[Counts] | None = None
        first_s: float | None = None
        async with asyncio.timeout(PATIENCE_S + settle_s + seconds), contextlib.aclosing(self.pictures()) as pictures:
            async for seen in pictures:
                if first_s is None and seen.reading is None:
                    continue
                first_s = seen.seen_at_s if first_s is None else first_s
                if seen.seen_at_s < first_s + settle_s:
                    continue
                # Asked for beside the reading, so that reading never falls behind.
                before = before or asyncio.create_task(self.counts())
                found.append(seen)
                if seen.seen_at_s > first_s + settle_s + seconds:
                    break
            after = await self.counts()
        if before is None:
            raise ConnectionError("the track ended before the stretch began")
        return Stretch(found, await before, after)

    async def counts(self) -> Counts:
        """What the decoder has counted so far."""
        stats = await self.room.get_rtc_stats()
        for one in (*stats.subscriber_stats, *stats.publisher_stats):
            if one.WhichOneof("stats") == "inbound_rtp" and one.inbound_rtp.stream.kind == "video":
                inbound = one.inbound_rtp
                return Counts(
                    inbound.inbound.frames_decoded, inbound.inbound.frames_dropped, inbound.received.packets_lost
                )
        raise ConnectionError("no video is being received")

    async def command(self, name: str, **arguments: Any) -> float:
        """Send a command; return when."""
        text = json.dumps({"type": "application", "data": {"type": name, "data": arguments}})
        sent_at_s = time.monotonic()
        await self.room.local_participant.send_text(text, topic=TOPIC)
        return sent_at_s

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """Wait for a text whose `data` is as wanted; return that."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                data = (await self._texts.get()).get("data")
                if wanted(data):
                    return data

    async def leave(self) -> None:
        """Leave the room."""
        await self.room.disconnect()


@contextlib.asynccontextmanager
async def viewing(url: str, token: str) -> AsyncIterator[Viewer]:
    """Be in a room."""
    viewer = Viewer()
    await viewer.join(url, token)
    try:
        yield viewer
    finally:
        await viewer.leave()
