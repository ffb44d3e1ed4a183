import os
import subprocess
import sys

import pytest

from reactor_runtime.worker.handle import worker_environment
from reactor_runtime.worker.lines import LinePump
from reactor_runtime.worker.supervisor import kill_grace_s


@pytest.mark.parametrize(
    ("stop_timeout_s", "gap_s", "load_s", "expected_s"),
    [
        (None, 0.03, None, 5.0),
        (None, 4.0, None, 12.0),
        (None, 0.03, 60.0, 15.0),
        (None, 0.03, 3600.0, 120.0),
        (None, 100.0, 3600.0, 300.0),
        (1.5, 100.0, 3600.0, 1.5),
    ],
)
def test_the_kill_grace_is_the_longest_of_what_a_model_may_need(
    stop_timeout_s: float | None, gap_s: float, load_s: float | None, expected_s: float
) -> None:
    assert kill_grace_s(stop_timeout_s, gap_s, load_s) == expected_s


def test_a_worker_never_sees_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_RUNTIME_KEY", "k")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "s")
    monkeypatch.setenv("SOMETHING_ELSE", "x")
    environment = worker_environment({"MORE": "y"})
    assert not {"REACTOR_RUNTIME_KEY", "LIVEKIT_API_SECRET"} & environment.keys()
    assert (environment["SOMETHING_ELSE"], environment["MORE"]) == ("x", "y")


def pumped(code: str) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        pump = LinePump({"out": process.stdout, "err": process.stderr}, lambda name, text: lines.append((name, text)))
        pump.close(30)
    return lines


def test_lines_of_both_streams_arrive_and_progress_bars_are_lines_too() -> None:
    code = r"import sys; print('a\rb'); print(); print('c', end=''); sys.stderr.buffer.write(b'\xff\n')"
    lines = pumped(code)
    assert [text for name, text in lines if name == "out"] == ["a", "b", "c"]
    assert ("err", "\ufffd") in lines


def test_a_line_without_end_is_cut_and_complete() -> None:
    lines = pumped("print('x' * 1_000_000)")
    assert sum(len(text) for _, text in lines) == 1_000_000
    assert max(len(text) for _, text in lines) <= 8192


def test_a_pipe_that_is_held_open_does_not_hold_the_pump() -> None:
    reading, writing = os.pipe()
    pump = LinePump({"out": os.fdopen(reading, "rb")}, lambda _name, _text: None)
    pump.close(0.05)
    os.close(writing)
