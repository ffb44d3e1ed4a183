import io
import json

import pytest
from rich.console import Console

from reactor_cli.display import Display, JsonDisplay, PlainDisplay
from reactor_cli.display.terminal import TerminalDisplay
from reactor_cli.log_line import LogLine
from reactor_cli.status import Notice, StackStatus

_ERROR = LogLine("coordinator", "error", "task_failed", {"task": "watch it"}, details="Traceback\nValueError: x")
_MODEL = LogLine("runtime", "info", "step 1", {"stream": "stdout"}, model=True)


def _terminal(stream: io.StringIO) -> TerminalDisplay:
    return TerminalDisplay(Console(file=stream, force_terminal=True, width=100, no_color=True))


def test_a_plain_line_has_process_level_text_and_values() -> None:
    stream = io.StringIO()
    PlainDisplay(stream).log(_ERROR)
    first, *rest = stream.getvalue().splitlines()
    assert first[9:] == 'coordinator error: task_failed task="watch it"'
    assert rest == ["    Traceback", "    ValueError: x"]


def test_the_models_words_stand_alone() -> None:
    stream = io.StringIO()
    PlainDisplay(stream).log(_MODEL)
    assert stream.getvalue()[9:] == "model       step 1\n"


def test_json_is_one_object_a_line() -> None:
    stream = io.StringIO()
    display = JsonDisplay(stream)
    display.log(_ERROR)
    display.notice(Notice("ready", "Ready in 1.0 s\nat …", fields={"url": "http://x"}))
    error, ready = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (error["process"], error["event"], error["task"]) == ("coordinator", "task_failed", "watch it")
    assert (ready["process"], ready["event"], ready["url"]) == ("reactor", "ready", "http://x")


def test_a_terminal_shows_lines_and_the_status() -> None:
    stream = io.StringIO()
    display = _terminal(stream)
    display.status(StackStatus("loading", stage="init", progress=0.25))
    display.log(_MODEL)
    display.status(StackStatus("ready"))
    display.close()
    for text in ("running the model's __init__ (25%)", "step 1", "ready"):
        assert text in stream.getvalue()


def test_markup_in_a_model_line_is_text() -> None:
    stream = io.StringIO()
    display = _terminal(stream)
    display.log(LogLine("runtime", "info", "[bold]x[/nonsense]", model=True))
    assert "[bold]x[/nonsense]" in stream.getvalue()


@pytest.mark.parametrize("make", [PlainDisplay, JsonDisplay, _terminal])
def test_a_reader_that_has_gone_is_no_error(make: type[PlainDisplay]) -> None:
    stream = io.StringIO()
    display: Display = make(stream)
    display.status(StackStatus())
    stream.close()
    display.log(_ERROR)
    display.notice(Notice("x", "x"))
    display.status(StackStatus("ready"))
    display.close()
