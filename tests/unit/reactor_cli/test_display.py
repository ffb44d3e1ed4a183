import io
import json

import pytest
from rich.console import Console

from reactor_cli.display import Display, JsonDisplay, PlainDisplay
from reactor_cli.display.terminal import TerminalDisplay
from reactor_cli.log_line import LogLine
from reactor_cli.status import Notice, StackStatus
from reactor_protocol.runtime import Download, FileDownload

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


_DOWNLOAD = Download(
    folder="Some-Model",
    files=64,
    files_done=12,
    current=[
        FileDownload(path=f"unet/of/some/depth/part-{number}.safetensors", size_bytes=1000, done_bytes=250)
        for number in range(8)
    ],
    folders=2,
    folders_done=1,
    total_bytes=4_000_000_000,
    done_bytes=1_000_000_000,
    speed_bytes_s=85_000_000.0,
    eta_s=35.3,
)


def test_a_terminal_shows_a_download_by_file_and_in_all() -> None:
    stream = io.StringIO()
    display = TerminalDisplay(Console(file=stream, force_terminal=True, width=80, no_color=True))
    display.status(StackStatus("loading", stage="weights", progress=0.25, download=_DOWNLOAD))
    display.close()
    shown = stream.getvalue()
    assert "Some-Model (2 of 2 folders), 12 of 64 files, 85 MB/s, 35 s left" in shown
    assert "fetching weights (25%)" in shown
    assert "1.0 GB of 4.0 GB" in shown
    assert "depth/part-5.safetensors" in shown
    assert "part-6" not in shown
    assert "… and 2 more" in shown


def test_lines_tell_a_download_once_for_each_twentieth() -> None:
    stream = io.StringIO()
    display = PlainDisplay(stream)
    for percent in (25, 26, 29, 30, 31):
        download = _DOWNLOAD.model_copy(update={"done_bytes": 40_000_000 * percent})
        display.status(StackStatus("loading", stage="weights", download=download))
    told = [line[9:] for line in stream.getvalue().splitlines()]
    assert told == [
        "reactor     Fetching weights: Some-Model (2 of 2), 25%: 1.0 GB of 4.0 GB, 85 MB/s, 35 s left",
        "reactor     Fetching weights: Some-Model (2 of 2), 30%: 1.2 GB of 4.0 GB, 85 MB/s, 35 s left",
    ]


def test_a_download_after_another_one_is_told_from_its_beginning() -> None:
    stream = io.StringIO()
    display = JsonDisplay(stream)
    for status in (StackStatus("loading", download=_DOWNLOAD), StackStatus("ready")) * 2:
        display.status(status)
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(record["event"], record["percent"]) for record in told] == [("fetching_weights", 25)] * 2
