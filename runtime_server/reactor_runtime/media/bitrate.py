"""How many bits a second a stream may take."""

from reactor_protocol.frontend import VideoCodec

CEILING_BPS = 10_000_000
"""More only fills the sender's queue: half of the bandwidth estimate is headroom for the large frames after a cut."""
FLOOR_BPS = 300_000
"""Below it even a small picture's key frame takes a tenth of a second."""

_REFERENCE_BPS = 5_000_000  # measured at 1280x720 and 30 fps: sharp, and 10 only adds latency
_REFERENCE_PIXELS = 1280 * 720
_REFERENCE_FPS = 30
_SIZE_EXPONENT = (
    0.85  # neighbouring pixels resemble each other more in a larger picture: 2.5 Mbit/s at 480p, 10 at 1080p
)
_RATE_EXPONENT = (
    0.25  # and consecutive pictures at a higher rate, which is the highest that may come, not the usual one
)

_RELATIVE: dict[VideoCodec, float] = {"vp9": 0.9, "h264": 1.0, "vp8": 1.0, "av1": 0.9}
"""The better codecs need fewer bits for the same picture."""


def max_bitrate_bps(width: int, height: int, fps: float, codec: VideoCodec) -> int:
    """The maximum bitrate for pictures of `width` x `height` pixels at `fps`: bits a second, never above 10 Mbit/s."""
    size = (width * height / _REFERENCE_PIXELS) ** _SIZE_EXPONENT
    rate = (fps / _REFERENCE_FPS) ** _RATE_EXPONENT
    return int(min(max(_REFERENCE_BPS * size * rate * _RELATIVE[codec], FLOOR_BPS), CEILING_BPS))
