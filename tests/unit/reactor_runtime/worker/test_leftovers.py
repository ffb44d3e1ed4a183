"""Processes that left the worker's group are found by their mark."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reactor_runtime.worker.leftovers import end_marked, new_mark

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="nothing is found without /proc")


def sleeper(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    code = "import os, time; os.write(1, b'.'); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | environment, start_new_session=True, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.read(1)  # its environment is there once it runs
    return process


def test_a_process_in_a_session_of_its_own_is_ended_others_are_left_alone() -> None:
    mark, other = new_mark(), new_mark()
    with sleeper(mark) as left, sleeper(other) as stranger:
        try:
            assert end_marked(mark, killed_group=os.getpgid(0)) == [left.pid]
            assert left.wait(30) < 0
            assert stranger.poll() is None
            assert end_marked(mark, killed_group=os.getpgid(0)) == []
        finally:
            stranger.kill()
            left.kill()


def test_what_was_in_the_killed_group_is_not_looked_for() -> None:
    mark = new_mark()
    with sleeper(mark) as dying:
        try:
            assert end_marked(mark, killed_group=dying.pid) == []
        finally:
            dying.kill()
