"""The video that product and floor both send."""

from dataclasses import dataclass

from reactor_protocol.frontend import VideoCodec
from reactor_runtime.media.bitrate import max_bitrate_bps


@dataclass(frozen=True, slots=True)
class Format:
    """Size in pixels, frames a second, codec."""

    width: int = 832
    height: int = 480
    fps: int = 30
    codec: VideoCodec = "vp9"

    @property
    def max_bitrate_bps(self) -> int:
        """What the product allows for such a stream."""
        return max_bitrate_bps(self.width, self.height, self.fps, self.codec)
