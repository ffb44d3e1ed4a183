"""Nothing that was started on a lifeline outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from reactor_runtime import lifeline
from support.limits import PATIENCE_S

SCRIPT = str(Path(lifeline.__file__))

PARENT = f"""
import os, subprocess, sys
reading, writing = os.pipe()
child = subprocess.Popen(
    [sys.executable, "-I", "-S", {SCRIPT!r}, str(reading), "sh", "-c", "sleep 300 & sleep 300"],
    pass_fds=[reading], start_new_session=True,
)
os.close(reading)
print(child.pid, flush=True)
sys.stdin.read()
"""


def group(pgid: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == pgid and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def wait_until_group_has(pgid: int, size: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while len(group(pgid)) != size:
        assert time.monotonic() < deadline, group(pgid)
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_whole_group_dies_with_the_parent(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until_group_has(child, 4)  # the shell, its two sleeps, the guard
        parent.send_signal(how)
        parent.wait(timeout=PATIENCE_S)
        wait_until_group_has(child, 0)


def test_the_program_sees_no_child_it_did_not_start() -> None:
    reading, writing = os.pipe()
    code = "import os\ntry:\n os.wait()\nexcept ChildProcessError:\n print('none')"
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", SCRIPT, str(reading), sys.executable, "-c", code],
        pass_fds=[reading],
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(reading)
    assert child.stdout is not None
    assert child.stdout.readline() == "none\n"
    os.close(writing)
    child.wait(timeout=PATIENCE_S)
    child.stdout.close()
    wait_until_group_has(child.pid, 0)
