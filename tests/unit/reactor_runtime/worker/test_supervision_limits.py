import os
import subprocess
import sys
import time

import pytest

from reactor_runtime.worker.allowance import Allowance
from reactor_runtime.worker.lines import LinePump
from reactor_runtime.worker.spawn import worker_environment
from reactor_runtime.worker.supervisor import kill_grace_s
from support.limits import PATIENCE_S


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


class Heard:
    """What a pump told, in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.left_out_lines = self.left_out_bytes = self.words = 0

    def line(self, stream: str, text: str) -> None:
        self.lines.append((stream, text))

    def left_out(self, _stream: str, lines: int, size_bytes: int) -> None:
        self.left_out_lines += lines
        self.left_out_bytes += size_bytes
        self.words += 1


def pumped(code: str) -> Heard:
    heard = Heard()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        LinePump({"out": process.stdout, "err": process.stderr}, heard).close(PATIENCE_S)
    return heard


def test_lines_of_both_streams_arrive_and_progress_bars_are_lines_too() -> None:
    code = r"import sys; print('a\rb'); print(); print('c', end=''); sys.stderr.buffer.write(b'\xff\n')"
    heard = pumped(code)
    assert [text for name, text in heard.lines if name == "out"] == ["a", "b", "c"]
    assert ("err", "\ufffd") in heard.lines
    assert heard.words == 0


def test_a_line_without_end_is_cut_and_complete() -> None:
    lines = pumped("print('x' * 300_000)").lines
    assert sum(len(text) for _, text in lines) == 300_000
    assert max(len(text) for _, text in lines) <= 8192


def test_a_flood_is_cut_down_and_counted_and_its_last_lines_stay() -> None:
    heard = pumped("for number in range(100_000): print('line', number, '.' * 40)")
    assert len(heard.lines) < 10_000
    assert len(heard.lines) + heard.left_out_lines == 100_000
    assert heard.left_out_bytes > 3_000_000
    assert [text.split()[1] for _, text in heard.lines[-200:]] == [str(number) for number in range(99_800, 100_000)]


def test_a_flood_of_one_stream_leaves_the_other_alone() -> None:
    heard = pumped("import sys\nfor _ in range(100_000): print('flood')\nprint('why', file=sys.stderr)")
    assert ("err", "why") in heard.lines
    assert heard.words >= 1


def test_a_flood_without_lines_takes_no_memory() -> None:
    heard = pumped("import sys\nfor _ in range(80): sys.stdout.write('x' * 100_000)")
    assert sum(len(text) for _, text in heard.lines) < 2_000_000
    assert sum(len(text) for _, text in heard.lines) + heard.left_out_bytes <= 8_000_000


def test_what_came_last_of_a_flood_is_told_although_nothing_follows() -> None:
    reading, writing = os.pipe()
    heard = Heard()
    pump = LinePump({"out": os.fdopen(reading, "rb")}, heard)
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(b"flood\n" * 100_000 + b"last\n")
        pipe.flush()
        deadline_s = time.monotonic() + PATIENCE_S
        while ("out", "last") not in heard.lines and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert ("out", "last") in heard.lines
    pump.close(PATIENCE_S)


def test_a_pipe_that_is_held_open_does_not_hold_the_pump() -> None:
    reading, writing = os.pipe()
    pump = LinePump({"out": os.fdopen(reading, "rb")}, Heard())
    pump.close(0.05)
    os.close(writing)


def test_an_allowance_is_a_burst_then_a_trickle_with_pauses() -> None:
    now_s = 0.0
    allowance = Allowance(lambda: now_s)
    logged = 0
    while allowance.is_open():
        allowance.charge(72)
        logged += 1
    assert 2500 < logged < 2700
    words = 0
    for _ in range(10_000):
        now_s += 0.001
        if allowance.is_open():
            allowance.charge(72)
            words += 1
    assert 1400 < words < 1700
