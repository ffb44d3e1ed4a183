"""docker/again.sh, as the init of the runtime server's container runs it."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "docker" / "again.sh"
PATIENCE_S = 30.0


def started(stable_s: int, program: str, *arguments: str) -> "subprocess.Popen[str]":
    command = ["sh", str(SCRIPT), str(stable_s), "sh", "-c", program, "program", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def test_what_crashes_after_a_good_while_runs_again_with_its_arguments_and_that_is_said() -> None:
    process = started(0, 'echo "$1"; kill -SEGV $$', "a b")
    try:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == ["a b\n"] * 3
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert "ended with status 139 after 0 s, and is started again: sh -c" in said


@pytest.mark.parametrize(("stable_s", "program", "status"), [(60, "exit 3", 3), (60, "kill -KILL $$", 137), (0, "", 0)])
def test_what_ends_soon_or_in_order_ends_the_container(stable_s: int, program: str, status: int) -> None:
    process = started(stable_s, program)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == status


@pytest.mark.parametrize("status", [0, 5])
def test_a_stop_is_passed_on_waited_for_and_nothing_runs_again(status: int) -> None:
    process = started(0, f'trap "echo stopping; exit {status}" TERM; echo up; while :; do sleep 0.1; done')
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert (said, process.returncode) == ("stopping\n", status)


def test_a_stop_right_after_the_start_isnt_lost() -> None:
    for delay_s in (0.0, 0.002, 0.005, 0.01, 0.02):
        process = started(0, "exec sleep 60")
        time.sleep(delay_s)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a container ends with its init's child
        process.communicate()
        assert process.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM)  # before the trap; after it
