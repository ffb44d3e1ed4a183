"""The floor's publisher, a process of its own: the LiveKit SDK and a loop that captures, nothing else.

Reads one JSON object a line on standard input (`open`, `publish`, `mark`, `drawing`, `close`, `give_back`)
and answers each with one on standard output.
"""

import asyncio
import json
import sys
import threading
import time
from typing import Any

import numpy as np
from livekit import rtc
from livekit.rtc._proto.room_pb2 import DegradationPreference, VideoEncoding

from benchmarks.barcode import gradient, picture
from reactor_protocol.application import OUTPUT_TRACK, TOPIC
from reactor_runtime import memory

_CODECS = {"vp9": rtc.VideoCodec.VP9, "vp8": rtc.VideoCodec.VP8, "h264": rtc.VideoCodec.H264}


class Publisher:
    """One room at a time."""

    def __init__(self, width: int, height: int, fps: int) -> None:
        self.width, self.height, self.fps = width, height, fps
        self.ground = gradient(width, height)
        self.flat = np.full((height, width, 3), 128, np.uint8)
        self.room = rtc.Room()
        self.feeding: threading.Thread | None = None
        self.stopping = threading.Event()
        self.changed = threading.Event()
        self.marking = False
        self.drawing_cpu_s = 0.0
        self.echoing: set[asyncio.Task[Any]] = set()

    async def open(self, url: str, token: str) -> None:
        """Enter the room."""
        self.room = rtc.Room()
        self.room.register_text_stream_handler(TOPIC, self._echo)
        await self.room.connect(url, token, rtc.RoomOptions(single_peer_connection=True))

    def _echo(self, reader: rtc.TextStreamReader, _identity: str) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(reader))
        self.echoing.add(task)
        task.add_done_callback(self.echoing.discard)

    async def _answer(self, reader: rtc.TextStreamReader) -> None:
        await self.room.local_participant.send_text(await reader.read_all(), topic=TOPIC)

    async def publish(self, codec: str, max_bitrate_bps: int, *, marked: bool) -> None:
        """Publish a track and feed it: with moving, marked pictures or a flat one."""
        source = rtc.VideoSource(self.width, self.height)
        track = rtc.LocalVideoTrack.create_video_track(OUTPUT_TRACK, source)
        options = rtc.TrackPublishOptions(
            video_codec=_CODECS[codec],
            simulcast=False,
            source=rtc.TrackSource.SOURCE_CAMERA,
            video_encoding=VideoEncoding(max_bitrate=max_bitrate_bps, max_framerate=float(self.fps)),
            degradation_preference=DegradationPreference.DEGRADATION_PREFERENCE_MAINTAIN_RESOLUTION,
        )
        await self.room.local_participant.publish_track(track, options)
        self.stopping.clear()
        self.changed.clear()
        self.marking = marked
        self.feeding = threading.Thread(target=self._feed, args=(source,))
        self.feeding.start()

    async def mark(self) -> None:
        """Feed marked pictures from now on, the first one at once."""
        self.marking = True
        self.changed.set()

    async def drawing(self) -> float:
        """Seconds of CPU that drawing took so far: a model's work, not the publisher's."""
        return self.drawing_cpu_s

    def _feed(self, source: rtc.VideoSource) -> None:
        number, due_s = 0, time.monotonic()
        while not self.stopping.is_set():
            if self.changed.wait(max(0.0, due_s - time.monotonic())):
                self.changed.clear()
                due_s = time.monotonic()
                if self.stopping.is_set():
                    return
            began_s = time.thread_time()
            pixels = picture(self.ground, number) if self.marking else self.flat
            self.drawing_cpu_s += time.thread_time() - began_s
            data = memoryview(pixels.reshape(-1).data)
            source.capture_frame(rtc.VideoFrame(self.width, self.height, rtc.VideoBufferType.RGB24, data))
            number += 1
            due_s += 1 / self.fps

    async def close(self) -> None:
        """Leave the room."""
        self.stopping.set()
        self.changed.set()
        if self.feeding:
            await asyncio.to_thread(self.feeding.join)
            self.feeding = None
        await self.room.disconnect()

    async def give_back(self) -> None:
        """Give free memory back to the system, as the product does after each session."""
        self.room = rtc.Room()
        await asyncio.to_thread(memory.give_back)


async def main() -> None:
    """Do what standard input says until it ends."""
    publisher = Publisher(*(int(argument) for argument in sys.argv[1:4]))
    while line := await asyncio.to_thread(sys.stdin.readline):
        request: dict[str, Any] = json.loads(line)
        operation = request.pop("op")
        print(json.dumps({"answer": await getattr(publisher, operation)(**request)}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
