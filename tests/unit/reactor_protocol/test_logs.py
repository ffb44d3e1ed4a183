from reactor_protocol.logs import strip_queries


def test_query_strings_of_urls_are_cut_off_and_other_text_is_left() -> None:
    event = strip_queries(None, "info", {"event": "at wss://h:7880/rtc?access_token=abc&x=1 now?", "count": 3})
    assert event == {"event": "at wss://h:7880/rtc now?", "count": 3}
