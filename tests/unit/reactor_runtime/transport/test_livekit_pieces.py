from reactor_runtime.transport.livekit_track import is_stuck, scrub


def test_tokens_and_query_strings_never_appear() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_x"
    assert scrub(f"ws://host:7880/rtc?access_token={token}&x=1 failed") == "ws://host:7880/rtc… failed"
    assert scrub(f"401 for {token}: denied") == "401 for …: denied"


def test_a_bitrate_is_stuck_only_far_below_what_was_asked_for() -> None:
    assert is_stuck(900_000, 2_500_000)
    assert not is_stuck(2_000_000, 2_500_000)
    assert not is_stuck(900_000, 1_000_000)
    assert not is_stuck(0, 2_500_000)  # nothing is known yet
