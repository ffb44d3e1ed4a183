"""One output track of a model, from publishing to unpublishing: always fed, always with one owner."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import structlog

from reactor_runtime.media.bitrate import max_bitrate_bps
from reactor_runtime.media.frame import OutputFrame
from reactor_runtime.media.pacer import Pacer
from reactor_runtime.transport.base import Transport, TransportError, VideoFormat, VideoTrack

_REPUBLISH_RATIO = 2.0  # of the bitrates a size deserves: below it, publishing again costs more than it gives
_REPUBLISH_EVERY_S = 5.0  # it costs a third of a second each time; a model that plays with sizes does without
_REPUBLISH_S = 15.0
_RESUBSCRIBE_S = 1.0  # a subscriber takes 60 to 360 ms for the new track
_WINDOW = 64  # frames that rates and latency are taken from
_WINDOW_S = 3.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutputStats:
    """What an output did in this session."""

    frames: int
    """Came from the model."""
    sent: int
    dropped: int
    """Released without having been sent."""
    fps: float
    """Frames a second from the model, lately."""
    sent_fps: float
    target_fps: float
    """The rate the pacing plays at."""
    latency_ms: float
    """From the model's emit to the encoder, median of the latest."""
    width: int
    """Of the latest picture, in pixels."""
    height: int


class _Picture:
    """An own copy of a picture, for repeating."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.pixels = memoryview(bytearray(width * height * 3))

    def keep(self, pixels: memoryview) -> None:
        # Not by numpy: that gives up the GIL, and beside a busy thread waiting for it costs more than the copy.
        self.pixels[:] = pixels.cast("B")

    def forget(self) -> None:
        # Now: output and pacer hold each other, and the collector that finds them counts objects, not megabytes.
        self.pixels = memoryview(bytearray())


class VideoOutput:
    """Owns one track: plays the model's frames on it, and something else whenever there are none.

    `on_first_frame` (once a session, after its first frame was handed to the encoder) and `on_failed` (a text; once
    until it works again) are called on the event loop.
    """

    def __init__(
        self,
        transport: Transport,
        name: str,
        *,
        max_fps: float,
        on_first_frame: Callable[[], None],
        on_failed: Callable[[str], None],
    ) -> None:
        self._transport = transport
        self._name = name
        self._on_first_frame = on_first_frame
        self._on_failed = on_failed
        self._pacer = Pacer(max_fps, show=self._show, repeat=self._repeat)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._track: VideoTrack | None = None
        self._picture = _Picture(16, 16)
        self._upcoming: tuple[int, int] | None = None
        self._released = False
        self._failing = False
        self._closed = False
        self._republished_at_s = -_REPUBLISH_EVERY_S
        self._reset_counts()

    async def publish(self, video: VideoFormat) -> None:
        """Publish the track and feed it a black picture from now on.

        Raises:
            TransportError: the transport refused.
        """
        self._loop = asyncio.get_running_loop()
        self._picture = _Picture(video.width, video.height)
        self._track = await self._transport.publish_video(self._name, video)
        self._pacer.start()

    def begin(self) -> None:
        """A session starts: nothing is known of its model's rate, its frames are held until `release_hold`."""
        self._released = False
        self._pacer.begin()
        self._reset_counts()

    def play(self, frame: OutputFrame) -> None:
        """Show this frame when its time has come. Any thread, never blocks; the frame is released exactly once."""
        self._frames += 1
        self._arrived.append(time.monotonic())
        size = (frame.width, frame.height)
        early = self._sent == 0 and size != (self._picture.width, self._picture.height)
        self._pacer.add(frame)
        if early and self._upcoming is None:
            self._upcoming = size
            self._pacer.feed_now()  # let the encoder get used to that size while the frame is still held

    def release_hold(self) -> None:
        """The client is subscribed: play what is held from now on. May be called again, after each subscription."""
        self._released = True
        self._pacer.release_hold()

    async def drain(self, timeout_s: float) -> None:
        """Wait until everything that came is played, at most `timeout_s`."""
        await asyncio.to_thread(self._pacer.wait_empty, timeout_s)

    def drop(self) -> None:
        """Release everything that waits; the last picture stays."""
        self._pacer.drop()

    def stats(self) -> OutputStats:
        """What happened since `begin`."""
        latencies = list(self._latencies_s)
        return OutputStats(
            frames=self._frames,
            sent=self._sent,
            dropped=self._pacer.dropped - self._dropped_before,
            fps=_rate(list(self._arrived)),
            sent_fps=_rate(list(self._shown)),
            target_fps=self._pacer.target_fps,
            latency_ms=median(latencies) * 1000 if latencies else 0.0,
            width=self._picture.width,
            height=self._picture.height,
        )

    async def rest(self) -> None:
        """Feed nothing more; only `close` is left to be called."""
        await asyncio.to_thread(self._pacer.stop)

    async def close(self) -> None:
        """Stop the thread, release what is left, take the track back. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._pacer.stop)
        self._picture.forget()
        track, self._track = self._track, None
        if track is not None:
            await track.unpublish()

    def _reset_counts(self) -> None:
        self._frames = self._sent = 0
        self._dropped_before = self._pacer.dropped
        self._arrived: deque[float] = deque(maxlen=_WINDOW)
        self._shown: deque[float] = deque(maxlen=_WINDOW)
        self._latencies_s: deque[float] = deque(maxlen=_WINDOW)

    # --- on the pacer's thread ----------------------------------------------------------------------------------

    def _show(self, frame: OutputFrame) -> bool:
        if self._needs_republishing(frame.width, frame.height):
            self._picture = _Picture(frame.width, frame.height)
            self._republish(frame.width, frame.height)
            return False
        if not self._capture(frame.pixels, frame.width, frame.height):
            return True
        self._keep(frame)
        shown_at_s = time.monotonic()
        self._shown.append(shown_at_s)
        self._latencies_s.append(shown_at_s - frame.emitted_at_s)
        self._sent += 1
        if self._sent == 1:
            self._tell(self._on_first_frame)
        return True

    def _repeat(self) -> None:
        if self._upcoming is not None:
            (width, height), self._upcoming = self._upcoming, None
            if self._sent == 0:
                self._picture = _Picture(width, height)
                if self._needs_republishing(width, height):
                    self._republish(width, height)
        picture = self._picture
        self._capture(picture.pixels, picture.width, picture.height)

    def _capture(self, pixels: memoryview, width: int, height: int) -> bool:
        track = self._track
        if track is None:
            return False
        try:
            track.capture(pixels, width, height)
        except Exception as error:
            log.exception("capture_failed", track=self._name)
            self._fail(f"a picture of {width}x{height} couldn't be sent: {error}")
            return False
        self._failing = False
        return True

    def _keep(self, frame: OutputFrame) -> None:
        # A copy, so that repeating never keeps a slot of the model's ring.
        if (frame.width, frame.height) != (self._picture.width, self._picture.height):
            self._picture = _Picture(frame.width, frame.height)
        self._picture.keep(frame.pixels)

    def _needs_republishing(self, width: int, height: int) -> bool:
        track = self._track
        if track is None or time.monotonic() - self._republished_at_s < _REPUBLISH_EVERY_S:
            return False
        published = track.format
        if (width, height) == (published.width, published.height):
            return False
        deserved = max_bitrate_bps(width, height, published.fps, published.codec)
        given = max_bitrate_bps(published.width, published.height, published.fps, published.codec)
        return not 1 / _REPUBLISH_RATIO < deserved / given < _REPUBLISH_RATIO

    def _republish(self, width: int, height: int) -> None:
        """Bitrate and announced size stay as published: publish anew. Frames wait meanwhile."""
        if self._loop is None or self._closed:
            return
        self._republished_at_s = time.monotonic()
        work = asyncio.run_coroutine_threadsafe(self._replace_track(width, height), self._loop)
        try:
            work.result(_REPUBLISH_S)
        except (TransportError, TimeoutError) as error:
            self._fail(f"the track couldn't be published again with {width}x{height}: {error or 'no answer in time'}")

    async def _replace_track(self, width: int, height: int) -> None:
        old, self._track = self._track, None
        if old is None or self._closed:
            return
        await old.unpublish()
        track = await self._transport.publish_video(self._name, replace(old.format, width=width, height=height))
        if self._closed:
            await track.unpublish()
            return
        self._track = track
        if self._released:
            asyncio.get_running_loop().call_later(_RESUBSCRIBE_S, self._pacer.release_hold)

    def _fail(self, message: str) -> None:
        if not self._failing:
            self._failing = True
            self._tell(self._on_failed, message)

    def _tell(self, callback: Callable[..., None], *arguments: str) -> None:
        if self._loop is not None and not self._closed:
            self._loop.call_soon_threadsafe(callback, *arguments)


def _rate(times_s: list[float]) -> float:
    """Events a second within the latest few."""
    since_s = time.monotonic() - _WINDOW_S
    recent = [at_s for at_s in times_s if at_s >= since_s]
    return (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 1 and recent[-1] > recent[0] else 0.0
