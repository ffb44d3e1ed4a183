"""A video track published in a LiveKit room."""

import asyncio
import contextlib
import re

import structlog
from livekit import rtc
from livekit.rtc._proto.room_pb2 import DegradationPreference, VideoEncoding
from livekit.rtc._proto.stats_pb2 import RtcStats

from reactor_runtime.transport.base import TransportError, VideoFormat

_CALL_S = 10.0  # publishing takes 5 ms; longer means that the server is gone
_STATS_S = 1.0  # less than a millisecond
_SETTLE_S = 1.0  # the first probes of the bandwidth are over, and the target is at its maximum on any good network
_STUCK_BPS = 1_000_000  # where a failed first probe leaves the target for good
_STUCK_SHARE = 0.5  # and only where clearly more was asked for
_RATE_HEADROOM = 4
"""The library drops a picture that comes sooner than the announced rate allows; the pacing keeps the rate itself."""
_CODECS = {
    "vp9": rtc.VideoCodec.VP9,
    "h264": rtc.VideoCodec.H264,
    "vp8": rtc.VideoCodec.VP8,
    "av1": rtc.VideoCodec.AV1,
}
_SECRETS = re.compile(r"\?\S*|\beyJ[\w-]+\.[\w-]+\.[\w-]*")

log = structlog.get_logger(__name__)


def scrub(text: object) -> str:
    """`text` without query strings and tokens."""
    return _SECRETS.sub("…", str(text))


def reason_of(error: BaseException) -> str:
    """Why a call of the library failed, without tokens."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return scrub(getattr(error, "message", None) or error)


class LiveKitVideoTrack:
    """A track and the source that feeds it (`reactor_runtime.transport.base.VideoTrack`)."""

    def __init__(self, room: rtc.Room, name: str, video: VideoFormat, max_bitrate_bps: int) -> None:
        self._room = room
        self._name = name
        self._format = video
        self._max_bitrate_bps = max_bitrate_bps
        self._source = rtc.VideoSource(video.width, video.height)
        self._publication: rtc.LocalTrackPublication | None = None
        self._changing = asyncio.Lock()
        self._check: asyncio.Task[None] | None = None
        self._published = False

    @property
    def format(self) -> VideoFormat:
        """What it was published with."""
        return self._format

    @property
    def is_published(self) -> bool:
        """It wasn't taken back."""
        return self._published

    async def received_bytes(self) -> int | None:
        """How much LiveKit has sent by the connection that the track uses; None where that isn't known."""
        with contextlib.suppress(Exception):  # the library raises its own, bare ones too
            async with asyncio.timeout(_STATS_S):
                for stats in await self._stats():
                    if stats.WhichOneof("stats") == "transport":
                        return int(stats.transport.transport.bytes_received)
        return None

    async def publish(self) -> None:
        """Publish it with every option set: the library's defaults are for webcams.

        Raises:
            TransportError: the server refused.
        """
        async with self._changing:
            await self._publish()
        self._published = True
        self._check = asyncio.create_task(self._check_bitrate())

    def capture(self, pixels: memoryview, width: int, height: int) -> None:
        """Encode a picture now; see the seam."""
        expected = width * height * 3
        if pixels.nbytes != expected or pixels.readonly or not pixels.contiguous:
            # The library reads as many bytes as the size says, whatever the buffer holds.
            raise ValueError(
                f"a picture of {width}x{height} needs {expected} writable, contiguous bytes; got {pixels.nbytes}"
            )
        self._source.capture_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.RGB24, pixels.cast("B")))

    async def republish(self) -> None:
        """Take the track back and publish it again from the same source; costs the viewer a third of a second."""
        async with self._changing:
            if self._publication is not None:
                await self._unpublish()
                await self._publish()

    async def unpublish(self) -> None:
        """Take the track back; a connection that is gone already has done so."""
        self._published = False
        if self._check is not None:
            self._check.cancel()
            await asyncio.wait({self._check}, timeout=_CALL_S)
        async with self._changing:
            await self._unpublish()
            await self._source.aclose()

    async def _publish(self) -> None:
        track = rtc.LocalVideoTrack.create_video_track(self._name, self._source)
        try:
            async with asyncio.timeout(_CALL_S):
                self._publication = await self._room.local_participant.publish_track(track, self._options())
        except Exception as error:  # noqa: BLE001 - the library raises its own, bare ones too
            raise TransportError(f"LiveKit didn't take the track {self._name}: {reason_of(error)}") from None

    async def _unpublish(self) -> None:
        publication, self._publication = self._publication, None
        if publication is None or not self._room.isconnected():
            return
        try:
            async with asyncio.timeout(_CALL_S):
                await self._room.local_participant.unpublish_track(publication.sid)
        except Exception as error:  # noqa: BLE001 - the library raises its own, bare ones too
            log.warning("unpublish_failed", track=self._name, error=reason_of(error))

    def _options(self) -> rtc.TrackPublishOptions:
        video = self._format
        return rtc.TrackPublishOptions(
            video_codec=_CODECS[video.codec],
            simulcast=False,
            source=rtc.TrackSource.SOURCE_CAMERA,
            video_encoding=VideoEncoding(max_bitrate=self._max_bitrate_bps, max_framerate=_RATE_HEADROOM * video.fps),
            degradation_preference=DegradationPreference.DEGRADATION_PREFERENCE_MAINTAIN_RESOLUTION,
        )

    async def _check_bitrate(self) -> None:
        """Where the first probe of the bandwidth failed, the target never leaves its start: publish once more."""
        await asyncio.sleep(_SETTLE_S)
        try:
            async with asyncio.timeout(_CALL_S):
                target_bps = await self._target_bps()
            if target_bps is not None and is_stuck(target_bps, self._max_bitrate_bps):
                log.info("bitrate_stuck", track=self._name, target_bps=target_bps, max_bps=self._max_bitrate_bps)
                await self.republish()
        except Exception as error:  # noqa: BLE001 - a check that fails must not cost the track
            log.warning("bitrate_check_failed", track=self._name, error=reason_of(error))

    async def _target_bps(self) -> int | None:
        for stats in await self._stats():
            if stats.WhichOneof("stats") == "outbound_rtp":
                return int(stats.outbound_rtp.outbound.target_bitrate)
        return None

    async def _stats(self) -> list[RtcStats]:
        track = self._publication.track if self._publication is not None else None
        return await track.get_stats() if track is not None else []


def is_stuck(target_bps: int, max_bps: int) -> bool:
    """The encoder was given so little that the bandwidth's first probe must have failed; 0 is not known yet."""
    return 0 < target_bps <= min(_STUCK_BPS, _STUCK_SHARE * max_bps)
