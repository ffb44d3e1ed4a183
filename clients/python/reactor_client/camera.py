"""The viewer's camera: pictures from Python, published to the model."""

import asyncio
import contextlib
from typing import Literal

import numpy as np
from livekit import rtc
from livekit.rtc.participant import PublishTrackError, UnpublishTrackError

from reactor_client.errors import CameraError
from reactor_client.frame import Pixels

CameraCodec = Literal["vp8", "h264", "vp9"]
TRACK_NAME = "camera"

# Bits a pixel at 30 fps: 1.2 Mbit/s at 640x480, which leaves a photograph's detail to VP8.
_BITS_PER_PIXEL = 0.13
_CODECS = {"vp8": rtc.VideoCodec.VP8, "h264": rtc.VideoCodec.H264, "vp9": rtc.VideoCodec.VP9}
# A smaller picture aborts an encoder.
_SMALLEST = 16
# A room that is gone doesn't answer.
_UNPUBLISH_TIMEOUT_S = 2.0


class Camera:
    """A published camera: `push` a picture whenever there is one, `close` it in the end.

    Args:
        width: pixels, at least 16; a multiple of 4 keeps every column.
        height: likewise.
        fps: the fastest rate of `push`.
        codec: what the pictures are encoded with.
    """

    def __init__(self, width: int, height: int, fps: float = 30.0, codec: CameraCodec = "vp8") -> None:
        if min(width, height) < _SMALLEST:
            raise ValueError(f"expected a camera of at least {_SMALLEST}x{_SMALLEST} pixels, found {width}x{height}")
        self.width = width
        self.height = height
        self.fps = fps
        self.codec: CameraCodec = codec
        self._source: rtc.VideoSource | None = None
        self._published: tuple[rtc.LocalParticipant, str] | None = None

    def push(self, pixels: Pixels, *, rotation: Literal[0, 90, 180, 270] = 0) -> None:
        """Send a picture: RGB, uint8, shape (height, width, 3). Takes 0.1 to 0.4 ms.

        Args:
            pixels: the picture as the sensor sees it.
            rotation: clockwise degrees that make it upright; the model sees it turned.

        Raises:
            ValueError: another shape or dtype.
            CameraError: the camera is closed.
        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise ValueError(f"expected (height, width, 3) of uint8, found {pixels.shape} of {pixels.dtype}")
        if self._source is None:
            raise CameraError("the camera is closed")
        height, width = pixels.shape[:2]
        flat = np.require(pixels, requirements=["C", "W"]).reshape(-1)
        picture = rtc.VideoFrame(width, height, rtc.VideoBufferType.RGB24, flat.data)
        self._source.capture_frame(picture, rotation=_ROTATIONS[rotation])

    async def publish_in(self, participant: rtc.LocalParticipant) -> None:
        """Publish it in a room (again, after a reconnect). The session does this."""
        sources = participant.permissions.can_publish_sources
        if sources and rtc.TrackSource.SOURCE_CAMERA not in sources:  # LiveKit itself would say nothing for 10 s
            raise CameraError("the model takes no video: its manifest doesn't say video_input")
        if self._source is None:
            self._source = rtc.VideoSource(self.width, self.height)
        track = rtc.LocalVideoTrack.create_video_track(TRACK_NAME, self._source)
        try:
            publication = await participant.publish_track(track, self._options())
        except PublishTrackError as error:
            raise CameraError(str(error)) from None
        self._published = (participant, publication.sid)

    async def close(self) -> None:
        """Stop sending. Never raises; a second call does nothing."""
        published, self._published = self._published, None
        if published is not None:
            participant, sid = published
            with contextlib.suppress(TimeoutError, UnpublishTrackError):
                async with asyncio.timeout(_UNPUBLISH_TIMEOUT_S):
                    if sid in participant.track_publications:
                        await participant.unpublish_track(sid)
        await self.release()

    async def release(self) -> None:
        """Free the source of a camera whose room is left. The session does this."""
        source, self._source, self._published = self._source, None, None
        if source is not None:
            await source.aclose()

    def _options(self) -> rtc.TrackPublishOptions:
        bits = self.width * self.height * self.fps * _BITS_PER_PIXEL
        return rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_CAMERA,
            video_codec=_CODECS[self.codec],
            simulcast=False,
            video_encoding=rtc.VideoEncoding(max_bitrate=int(bits), max_framerate=self.fps),
        )


_ROTATIONS = {
    0: rtc.VideoRotation.VIDEO_ROTATION_0,
    90: rtc.VideoRotation.VIDEO_ROTATION_90,
    180: rtc.VideoRotation.VIDEO_ROTATION_180,
    270: rtc.VideoRotation.VIDEO_ROTATION_270,
}
