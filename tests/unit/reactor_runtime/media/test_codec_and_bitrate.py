from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_protocol.frontend import VideoCodec
from reactor_runtime.media.bitrate import max_bitrate_bps
from reactor_runtime.media.codec import choose_codec


def test_the_first_of_our_order_that_the_client_names_is_taken() -> None:
    assert choose_codec(["vp8", "h264"]) == "h264"
    assert choose_codec(["av1", "vp9"]) == "vp9"
    assert choose_codec(["video/VP8"]) == "vp8"


def test_a_client_that_names_nothing_we_know_gets_vp9() -> None:
    assert choose_codec([]) == "vp9"
    assert choose_codec(["h265", "theora"]) == "vp9"


def test_a_set_order_rules() -> None:
    assert choose_codec(["vp9", "h264", "vp8"], ("vp8", "h264")) == "vp8"
    assert choose_codec([], ("h264",)) == "h264"


def test_the_usual_sizes_get_what_keeps_latency_low() -> None:
    assert 2_000_000 <= max_bitrate_bps(832, 480, 30, "vp9") <= 3_000_000
    assert 2_000_000 <= max_bitrate_bps(832, 480, 60, "h264") <= 3_000_000
    assert max_bitrate_bps(1280, 720, 30, "h264") == pytest.approx(5_000_000)


@given(st.integers(16, 8192), st.integers(16, 8192), st.floats(1, 240), st.sampled_from(get_args(VideoCodec)))
def test_no_bitrate_is_ever_above_ten_megabits(width: int, height: int, fps: float, codec: VideoCodec) -> None:
    assert 300_000 <= max_bitrate_bps(width, height, fps, codec) <= 10_000_000
