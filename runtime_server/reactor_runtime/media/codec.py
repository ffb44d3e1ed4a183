"""Which video codec a session speaks."""

from collections.abc import Sequence

from reactor_protocol.frontend import VideoCodec

DEFAULT_ORDER: tuple[VideoCodec, ...] = ("vp9", "h264", "vp8", "av1")
"""Best picture per bit first; AV1 last because at live rates it is starved of bits and loses frames."""


def choose_codec(client_codecs: Sequence[str], order: Sequence[VideoCodec] = DEFAULT_ORDER) -> VideoCodec:
    """The first codec of `order`, which isn't empty, that the client can decode.

    `client_codecs` are the names it sent, in any case and with or without `video/` in front. Where none of them is in
    `order` the first of `order` is taken.
    """
    known = {name.lower().removeprefix("video/") for name in client_codecs}
    return next((codec for codec in order if codec in known), order[0])
