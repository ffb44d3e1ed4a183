"""`--install` with real installers and an environment of its own; no network: packages lie in a folder."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

Python = Callable[[str], subprocess.CompletedProcess[str]]
INSTALL = """
import json, sys
from pathlib import Path
import reactor_runtime.requirements.command as command
from reactor_runtime.errors import RequirementsError
from reactor_runtime.requirements import check_requirements
from reactor_runtime.requirements.install import install

if {pip}:
    command.shutil.which = lambda name: None
said, error = [], ""
try:
    install(check_requirements(Path({folder!r})), said.append)
except RequirementsError as raised:
    error = str(raised)
left = [one.wanted for one in check_requirements(Path({folder!r})).unmet]
from importlib import metadata
def version(name):
    try: return metadata.version(name)
    except metadata.PackageNotFoundError: return None
versions = {{name: version(name) for name in ("helper", "reactor-runtime", "reactor-local", "numpy", "pydantic")}}
import reactor_runtime
print(json.dumps(dict(said=said, error=error, left=left, versions=versions, ours=reactor_runtime.__file__)))
"""


@pytest.fixture
def install(python: Python, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run(requirements: str, *, pip: bool = False) -> dict[str, Any]:
        (tmp_path / "wheels").mkdir(exist_ok=True)  # uv won't look for anything in one that isn't there
        text = f"--no-index\n--find-links {tmp_path / 'wheels'}\n{requirements}\n"
        (tmp_path / "requirements.txt").write_text(text)
        done = python(INSTALL.format(folder=str(tmp_path), pip=pip))
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return {**result, "stderr": done.stderr}

    return run


@pytest.mark.parametrize("pip", [False, True], ids=["uv or pip", "pip"])
def test_what_is_missing_is_installed_and_the_command_shown(
    install: Callable[..., dict[str, Any]], write_wheel: Callable[..., None], pip: bool
) -> None:
    write_wheel("helper", "1.5")
    result = install("numpy>=1.26\nhelper>=1.2,<2\nreactor-runtime==0.0.4", pip=pip)
    assert (result["error"], result["left"], result["versions"]["helper"]) == ("", [], "1.5")
    (command,) = result["said"]
    assert command.endswith('"helper>=1.2,<2"')
    assert ("-m pip install" in command) or not pip
    assert "numpy" not in command


def test_nothing_missing_installs_nothing_and_says_nothing(
    install: Callable[..., dict[str, Any]], write_wheel: Callable[..., None]
) -> None:
    write_wheel("numpy", "99.0")
    assert install("numpy>=1.26\nreactor_runtime>=5")["said"] == []


@pytest.mark.parametrize("pip", [False, True], ids=["uv or pip", "pip"])
def test_a_package_that_needs_reactor_runtime_gets_a_stand_in_and_ours_stays(
    install: Callable[..., dict[str, Any]], write_wheel: Callable[..., None], python: Python, pip: bool
) -> None:
    write_wheel("helper", "1.0", "reactor-runtime>=0.0.4")
    write_wheel("reactor_runtime", "7.0")  # as published: would lie over ours
    before = python("import reactor_runtime; print(reactor_runtime.__file__)").stdout.strip()
    result = install("helper", pip=pip)
    assert result["error"] == ""
    assert result["versions"]["reactor-runtime"].endswith("+local")
    assert (result["ours"], result["left"]) == (before, [])


def test_what_the_runtime_is_made_of_is_never_exchanged(
    install: Callable[..., dict[str, Any]], write_wheel: Callable[..., None], python: Python
) -> None:
    write_wheel("helper", "1.0", "pydantic<2")
    write_wheel("pydantic", "1.0")
    before = python("from importlib import metadata; print(metadata.version('pydantic'))").stdout.strip()
    result = install("helper")
    assert "the installation failed" in result["error"]
    assert (result["versions"]["pydantic"], result["left"]) == (before, ["helper"])


def test_a_package_that_is_nowhere_is_an_error_and_stays_missing(install: Callable[..., dict[str, Any]]) -> None:
    result = install("no-such-pkg>=3")
    assert "the installation failed" in result["error"]
    assert result["left"] == ["no-such-pkg>=3"]
    assert "no-such-pkg" in result["stderr"]


def test_a_line_with_hashes_is_left_to_the_user(install: Callable[..., dict[str, Any]]) -> None:
    result = install("no-such-pkg==1.0 --hash=sha256:00")
    assert "pip install -r " in result["error"]
    assert result["said"] == []


ENDLESS = """
import sys
from pathlib import Path
import reactor_runtime.requirements.install as install
from reactor_runtime.requirements import check_requirements

code = "import os, sys, time; print(os.getpid(), sys.argv[2], file=sys.stderr, flush=True); time.sleep(600)"
install.installer = lambda: [sys.executable, "-c", code]
install.install(check_requirements(Path(sys.argv[1])), lambda command: None)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_installer_too_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "requirements.txt").write_text("no-such-pkg\n")
    command = [sys.executable, "-P", "-c", ENDLESS, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        pid, constraints = process.stderr.readline().split()
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    assert not psutil.pid_exists(int(pid))
    assert not Path(constraints).exists()
