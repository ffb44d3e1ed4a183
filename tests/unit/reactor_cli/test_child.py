import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from reactor_cli.child import Child, ChildSpec
from support.limits import PATIENCE_S


def _spec(code: str) -> ChildSpec:
    return ChildSpec("child", [sys.executable, "-c", code], dict(os.environ))


async def _until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"{pid} is still there"
        await asyncio.sleep(0.02)


async def test_output_comes_line_by_line_and_the_exit_code_last() -> None:
    lines: list[str] = []
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr); print('end', end=''); sys.exit(7)"
    child = await Child.start(_spec(code), lines.append)
    assert await child.wait() == 7
    assert sorted(lines) == ["end", "err", "out"]


async def test_megabytes_without_a_newline_come_in_bounded_pieces() -> None:
    lines: list[str] = []
    child = await Child.start(_spec("import sys; sys.stdout.write('x' * 3_000_000)"), lines.append)
    await child.wait()
    assert sum(map(len, lines)) == 3_000_000
    assert max(map(len, lines)) <= 200_000


async def test_a_program_that_is_not_there_ends_with_an_error() -> None:
    lines: list[str] = []
    child = await Child.start(ChildSpec("child", ["/no/such/program"], {}), lines.append)
    assert await child.wait() != 0
    assert any("/no/such/program" in line or "FileNotFoundError" in line for line in lines)


async def test_it_has_no_standard_input_and_a_group_of_its_own() -> None:
    lines: list[str] = []
    code = "import os, sys; print(repr(sys.stdin.read()), os.getpgrp() == os.getpid())"
    child = await Child.start(_spec(code), lines.append)
    await child.wait()
    assert lines == ["'' True"]


async def test_kill_takes_grandchildren_along() -> None:
    lines: asyncio.Queue[str] = asyncio.Queue(100)
    code = (
        "import subprocess, sys, time, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print(p.pid, flush=True);"
        "time.sleep(600)"
    )
    child = await Child.start(_spec(code), lines.put_nowait)
    grandchild = int(await asyncio.wait_for(lines.get(), PATIENCE_S))
    child.kill()
    assert await asyncio.wait_for(child.wait(), PATIENCE_S) == -signal.SIGKILL
    await _until_gone(grandchild)


async def test_what_a_child_leaves_behind_dies_with_it() -> None:
    lines: list[str] = []
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print(p.pid, flush=True)"
    )
    child = await Child.start(_spec(code), lines.append)
    assert await asyncio.wait_for(child.wait(), PATIENCE_S) == 0
    await _until_gone(int(lines[0]))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_children_do_not_outlive_us(tmp_path: Path, number: signal.Signals) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import asyncio, os, sys\n"
        "from reactor_cli.child import Child, ChildSpec\n"
        "async def main():\n"
        "    code = 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'\n"
        "    spec = ChildSpec('x', [sys.executable, '-c', code], dict(os.environ))\n"
        "    child = await Child.start(spec, lambda line: print(line, flush=True))\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, parent, stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(await asyncio.wait_for(process.stdout.readline(), PATIENCE_S))
    process.send_signal(number)
    await asyncio.wait_for(process.wait(), PATIENCE_S)
    await _until_gone(pid)
