import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.limits import PATIENCE_S, SLOW

_HEAVY = ("pydantic", "rich", "psutil", "numpy", "asyncio", "httpx", "structlog", "livekit", "reactor_runtime")


def _reactor(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "from reactor_cli.__main__ import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def test_help_lists_the_commands() -> None:
    done = _reactor("--help")
    assert done.returncode == 0
    assert "run" in done.stdout
    assert "capabilities" in done.stdout


def test_help_is_there_at_once() -> None:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        _reactor("--help")
        times.append(time.perf_counter() - started)
    assert min(times) < 0.5 * SLOW  # 0.07 s alone; 0.2 s is the promise


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["capabilities", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom reactor_cli.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print('HEAVY', [name for name in {_HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_version_is_told() -> None:
    assert _reactor("--version").stdout.startswith("reactor 0.")


def test_an_unknown_command_names_the_closest() -> None:
    done = _reactor("rnu")
    assert done.returncode == 2
    assert "Did you mean 'run'?" in done.stderr


def test_an_unknown_flag_is_a_usage_error() -> None:
    done = _reactor("run", "--coordinator-prot", "1")
    assert done.returncode == 2
    assert "--coordinator-port" in done.stderr


def test_a_setting_that_cannot_be_is_a_usage_error() -> None:
    done = _reactor("run", "--runtime", "headless")
    assert done.returncode == 2
    assert "comes in a later version" in done.stderr


def test_a_folder_without_a_model_is_a_usage_error(tmp_path: Path) -> None:
    done = _reactor("run", "--path", str(tmp_path))
    assert done.returncode == 2
    assert "no manifest.json" in done.stderr
    assert done.stdout == ""


def test_capabilities_of_a_model_that_exits_while_imported_fail(tmp_path: Path) -> None:
    manifest = '{"reactor-runtime": "0.0.4", "class": "mine:M", "model_name": "mine", "model_version": "1.0.0"}'
    (tmp_path / "manifest.json").write_text(manifest)
    (tmp_path / "mine.py").write_text("import os; os._exit(0)")
    done = _reactor("capabilities", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "ended the process" in done.stderr


def test_nothing_heavy_is_imported_before_the_processes_start() -> None:
    heavy = ("rich", "psutil", "numpy", "httpx", "structlog", "livekit", "aiohttp", "uvicorn", "docker")
    code = f"import sys, reactor_cli.serve, reactor_runtime.manifest; print([n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert done.stdout.strip() == "[]"
