import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_cli.log_line import parse_log_line


def test_a_record_gives_level_text_and_fields() -> None:
    record = {"event": "room_made", "level": "warning", "timestamp": "2026-01-01T00:00:00Z", "session_id": "a", "n": 2}
    line = parse_log_line("coordinator", json.dumps(record))
    assert (line.level, line.text, line.fields) == ("warning", "room_made", {"session_id": "a", "n": 2})


def test_livekit_records_are_read_too() -> None:
    line = parse_log_line("livekit", '{"level":"warn","ts":1,"msg":"no turn","nodeID":"x"}')
    assert (line.level, line.text, line.fields) == ("warning", "no turn", {"nodeID": "x"})


def test_a_traceback_is_kept_apart() -> None:
    line = parse_log_line("runtime", '{"event":"x","level":"error","exception":"Traceback …\\nValueError"}')
    assert line.details.endswith("ValueError")


def test_text_that_is_no_record_is_shown() -> None:
    line = parse_log_line("runtime", "Segmentation fault")
    assert line.text == "Segmentation fault"
    assert line.shown(verbose=False)


def test_the_models_own_words_are_always_shown() -> None:
    line = parse_log_line("runtime", '{"event":"step 1","level":"info","logger":"model","stream":"stdout"}')
    assert line.shown(verbose=False)


@pytest.mark.parametrize(("level", "shown"), [("info", False), ("debug", False), ("error", True), ("warning", True)])
def test_quiet_shows_warnings_and_errors_only(level: str, shown: bool) -> None:
    line = parse_log_line("runtime", json.dumps({"event": "x", "level": level}))
    assert line.shown(verbose=False) is shown
    assert line.shown(verbose=True)


@given(st.text())
def test_any_line_is_read(text: str) -> None:
    parse_log_line("runtime", text)
    parse_log_line("runtime", "{" + text)


def test_a_session_that_ends_is_news() -> None:
    line = parse_log_line("runtime", '{"event":"the session has ended","level":"info","reason":"model_error"}')
    assert line.shown(verbose=False)
    assert line.fields == {"reason": "model_error"}


def test_a_load_error_is_left_to_the_display() -> None:
    line = parse_log_line("runtime", '{"event":"the model didn\'t load","level":"error"}')
    assert not line.shown(verbose=False)
    assert line.shown(verbose=True)
