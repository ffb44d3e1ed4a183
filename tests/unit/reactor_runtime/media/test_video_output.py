"""The output and its thread on a transport in memory, in real time."""

import asyncio
import gc
import itertools
import statistics
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest

from reactor_runtime.media.frame import USUAL_AHEAD, OutputFrame
from reactor_runtime.media.output import VideoOutput
from reactor_runtime.transport.base import TransportError, TransportListener, VideoFormat
from support.limits import PATIENCE_S, SLOW

FORMAT = VideoFormat(64, 64, 60, "vp8")


@dataclass(slots=True)
class Track:
    format: VideoFormat
    captured: list[tuple[float, int, tuple[int, int]]] = field(default_factory=list)
    """When, the first byte, the size."""
    unpublished: bool = False
    error: Exception | None = None

    def capture(self, pixels: memoryview, width: int, height: int) -> None:
        assert not self.unpublished
        if self.error is not None:
            raise self.error
        assert pixels.nbytes == width * height * 3
        self.captured.append((time.monotonic(), pixels[0], (width, height)))

    async def unpublish(self) -> None:
        self.unpublished = True


@dataclass(slots=True)
class Network:
    tracks: list[Track] = field(default_factory=list)
    refuses: bool = False

    async def connect(self) -> None: ...

    def serve(self, listener: TransportListener, *, client_identity: str | None, takes_camera: bool) -> None: ...

    async def publish_video(self, name: str, video: VideoFormat) -> Track:
        if self.refuses:
            raise TransportError("refused")
        self.tracks.append(Track(video))
        return self.tracks[-1]

    async def send_text(self, text: str) -> None: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class Source:
    """Makes frames whose first byte is their number, and counts their releases."""

    released: list[int] = field(default_factory=list)
    made: int = 0

    def release(self, number: int, ahead: int = USUAL_AHEAD, begin_at_s: float = 0.0) -> None:
        self.released.append(number)

    def frame(self, width: int = 64, height: int = 64) -> OutputFrame:
        self.made += 1
        number = self.made
        pixels = np.full(width * height * 3, number % 256, np.uint8)
        return OutputFrame(
            pixels.data, width, height, number, time.monotonic(), 1 / 60, 0, 1, partial(self.release, number)
        )


@dataclass(slots=True)
class Stage:
    output: VideoOutput
    network: Network
    source: Source
    first_frames: list[float]
    failures: list[str]

    @property
    def track(self) -> Track:
        return self.network.tracks[-1]

    def shown(self) -> list[int]:
        """Frames in the order shown, repeats left out."""
        captures = [number for track in self.network.tracks for _, number, _ in track.captured if number]
        return list(dict.fromkeys(captures))


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    network, first_frames, failures = Network(), list[float](), list[str]()
    output = VideoOutput(
        network,
        "reactor-video",
        max_fps=60,
        on_first_frame=lambda: first_frames.append(time.monotonic()),
        on_failed=failures.append,
    )
    await output.publish(FORMAT)
    output.begin()
    try:
        yield Stage(output, network, Source(), first_frames, failures)
    finally:
        await output.close()
        assert not [thread for thread in threading.enumerate() if thread.name == "pacer"]
        assert all(track.unpublished for track in network.tracks)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - other threads change what is waited for
            await asyncio.sleep(0.005)


async def test_a_black_picture_is_fed_from_publishing_on() -> None:
    async with stage() as on:
        await until(lambda: len(on.track.captured) > 10)
        assert {(number, size) for _, number, size in on.track.captured} == {(0, (64, 64))}


async def test_frames_are_held_until_the_client_is_there_then_all_are_shown_and_released_once() -> None:
    async with stage() as on:
        on.output.play(on.source.frame())
        on.output.play(on.source.frame())
        await asyncio.sleep(0.2)
        assert (on.shown(), on.source.released) == ([], [])
        on.output.release_hold()
        await on.output.drain(PATIENCE_S)
        assert (on.shown(), on.source.released) == ([1, 2], [1, 2])
        await until(lambda: len(on.first_frames) == 1)


async def test_the_last_picture_is_repeated_without_keeping_its_slot() -> None:
    async with stage() as on:
        on.output.release_hold()
        on.output.play(on.source.frame())
        await until(lambda: [number for _, number, _ in on.track.captured].count(1) > 5)
        assert on.source.released == [1]


async def test_dropping_releases_what_waits_and_the_last_picture_stays() -> None:
    async with stage() as on:
        on.output.release_hold()
        on.output.play(on.source.frame())
        await on.output.drain(PATIENCE_S)
        on.output.begin()
        for _ in range(5):
            on.output.play(on.source.frame())
        on.output.drop()
        assert sorted(on.source.released) == [1, 2, 3, 4, 5, 6]
        assert on.output.stats().dropped == 5
        before = len(on.track.captured)
        await until(lambda: len(on.track.captured) > before + 3)
        assert on.track.captured[-1][1] == 1


async def test_closing_releases_what_waits_and_what_comes_later() -> None:
    async with stage() as on:
        on.output.play(on.source.frame())
        await on.output.close()
        on.output.play(on.source.frame())
        assert on.source.released == [1, 2]


async def test_closing_gives_the_last_picture_back_without_the_garbage_collector() -> None:
    picture_bytes = 2048 * 1024 * 3
    output = VideoOutput(Network(), "big", max_fps=60, on_first_frame=lambda: None, on_failed=lambda _message: None)
    gc.disable()
    tracemalloc.start()
    try:
        await output.publish(VideoFormat(2048, 1024, 60, "vp8"))
        assert tracemalloc.get_traced_memory()[0] > picture_bytes
        await output.close()
        del output
        assert tracemalloc.get_traced_memory()[0] < picture_bytes / 2
    finally:
        tracemalloc.stop()
        gc.enable()


async def test_a_small_change_of_size_keeps_the_track() -> None:
    async with stage() as on:
        on.output.release_hold()
        for size in ((64, 64), (80, 64), (64, 80)):
            on.output.play(on.source.frame(*size))
            await on.output.drain(PATIENCE_S)
        assert len(on.network.tracks) == 1
        assert list(dict.fromkeys(size for _, _, size in on.track.captured)) == [(64, 64), (80, 64), (64, 80)]


async def test_a_large_change_of_size_publishes_again_and_loses_no_frame() -> None:
    async with stage() as on:
        on.output.release_hold()
        on.output.play(on.source.frame())
        await on.output.drain(PATIENCE_S)
        for _ in range(3):
            on.output.play(on.source.frame(640, 480))
        await until(lambda: len(on.network.tracks) == 2)
        on.output.release_hold()  # the client has the new track
        await on.output.drain(PATIENCE_S)
        assert [track.unpublished for track in on.network.tracks] == [True, False]
        assert (on.track.format.width, on.track.format.height, on.track.format.codec) == (640, 480, "vp8")
        assert on.shown() == on.source.released == [1, 2, 3, 4]


async def test_after_publishing_again_frames_are_not_held_for_ever() -> None:
    async with stage() as on:
        on.output.release_hold()
        on.output.play(on.source.frame(640, 480))
        await on.output.drain(PATIENCE_S)
        assert on.shown() == [1]


async def test_the_size_of_a_held_frame_is_taken_at_once() -> None:
    async with stage() as on:
        on.output.play(on.source.frame(640, 480))
        await until(lambda: on.track.captured[-1][2] == (640, 480) if on.track.captured else False)
        assert on.shown() == []
        await asyncio.sleep(1.2)
        assert on.shown() == []  # the hold is the session's


async def test_a_failing_capture_is_reported_once_and_frames_are_released() -> None:
    async with stage() as on:
        on.output.release_hold()
        on.track.error = RuntimeError("broken encoder")
        for _ in range(3):
            on.output.play(on.source.frame())
        await on.output.drain(PATIENCE_S)
        await until(lambda: len(on.failures) == 1)
        assert "broken encoder" in on.failures[0]
        assert on.source.released == [1, 2, 3]
        on.track.error = None
        on.output.play(on.source.frame())
        await on.output.drain(PATIENCE_S)
        assert on.shown() == [4]
        assert len(on.failures) == 1


async def test_a_refused_republishing_is_reported_and_frames_are_released() -> None:
    async with stage() as on:
        on.output.release_hold()
        on.network.refuses = True
        on.output.play(on.source.frame(640, 480))
        await until(lambda: len(on.failures) == 1)
        on.output.release_hold()
        await on.output.drain(PATIENCE_S)
        assert on.source.released == [1]


async def test_stats_tell_rates_and_latency() -> None:
    async with stage() as on:
        on.output.release_hold()
        for _ in range(60):
            on.output.play(on.source.frame())
            await asyncio.sleep(1 / 60)
        await on.output.drain(PATIENCE_S)
        stats = on.output.stats()
        assert (stats.frames, stats.sent, stats.dropped, stats.width, stats.height) == (60, 60, 0, 64, 64)
        assert 60 / SLOW / 2 < stats.fps <= 62
        assert 60 / SLOW / 2 < stats.sent_fps <= 70
        assert 0 <= stats.latency_ms < 50 * SLOW
        assert stats.target_fps == pytest.approx(60)


async def test_blocks_are_spread_beside_a_busy_event_loop() -> None:
    async with stage() as on:
        on.output.release_hold()
        pixels = np.ones(64 * 64 * 3, np.uint8).data
        block = [
            OutputFrame(pixels, 64, 64, index, time.monotonic(), 0.8, index, 24, partial(on.source.release, index))
            for index in range(24)
        ]
        on.output.begin()
        on.output.release_hold()
        for _ in range(2):
            for frame in block:
                on.output.play(frame)
        end_s = time.monotonic() + PATIENCE_S
        while sum(number > 0 for _, number, _ in on.track.captured) <= 20 and time.monotonic() < end_s:
            sum(range(2000))
            await asyncio.sleep(0)
        times = [at_s for at_s, number, _ in on.track.captured if number]
        assert len(times) > 20
        assert statistics.median(later - earlier for earlier, later in itertools.pairwise(times)) > 0.5 * 0.8 / 24
