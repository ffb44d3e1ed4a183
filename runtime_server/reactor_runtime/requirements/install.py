"""Installs what a model requires, without touching what the runtime itself is made of."""

import base64
import contextlib
import hashlib
import importlib
import os
import re
import signal
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import FrameType

from reactor_runtime.errors import RequirementsError
from reactor_runtime.requirements.check import Report, own_constraints
from reactor_runtime.requirements.command import as_typed, installer

_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")  # as pip replaces them
_END_S = 5.0


def install(report: Report, say: Callable[[str], None]) -> None:
    """Install what is missing, and what can't be told to be here; the installer's own words go to standard error.

    Constraints keep this distribution and its dependencies as they are. A package that asks for `reactor-runtime`
    gets a stand-in of our version without any code: nothing is ever installed over this one.

    Parameters:
        report: of `check_requirements`.
        say: takes the command, before it runs.

    Raises:
        RequirementsError: there is no installer, or it failed (its message is above), or a line can't be installed.
    """
    hashed = next((one.line for one in report.unmet if one.line.has_options), None)
    if hashed:
        text = f"{hashed.file.name}, line {hashed.number}: its options ({hashed.text} …) work from the file only."
        raise RequirementsError(f"{text} Install it yourself: pip install -r {as_typed([str(hashed.file)])}")
    program = installer()
    if program is None:
        raise RequirementsError("neither uv nor pip is here. Install uv: https://docs.astral.sh/uv")
    wanted = [one.wanted for one in report.unmet]
    for line in report.unchecked:
        wanted += line.arguments
    if not wanted:
        return
    command = [*program, *report.options, *wanted]
    say(as_typed(command))
    with tempfile.TemporaryDirectory(prefix="reactor-install-") as folder, _ended_with_us():
        guard = _guard(Path(folder))
        code = _run([*program, *guard, *map(_expanded, [*report.options, *wanted])])
    importlib.invalidate_caches()
    if code:
        raise RequirementsError(f"the installation failed (exit code {code}); its message is above.")


def _run(command: list[str]) -> int:
    # Standard output belongs to whoever called: `--log-format json` is read by programs.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
            process.kill()


@contextlib.contextmanager
def _ended_with_us() -> Iterator[None]:
    """Signals leave by an exception, so that the installer is ended and its folder removed."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _guard(folder: Path) -> list[str]:
    """Options that keep the installer away from what is ours."""
    version = f"{metadata.version('reactor-local')}+local"
    _write_stand_in(folder, version)
    constraints = folder / "constraints.txt"
    lines = [f"reactor-runtime=={version}", *own_constraints()]
    constraints.write_text("\n".join(lines) + "\n", "utf-8")
    return ["--constraint", str(constraints), "--find-links", str(folder)]


def _write_stand_in(folder: Path, version: str) -> None:
    """Write a wheel called reactor-runtime that holds nothing (https://packaging.python.org/specifications/)."""
    info = f"reactor_runtime-{version}.dist-info"
    files = {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: reactor-runtime\n"
        f"Version: {version}\nSummary: Stands for the reactor_runtime of Reactor Local\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: reactor-local\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    with zipfile.ZipFile(folder / f"reactor_runtime-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _expanded(text: str) -> str:
    return _VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), text)
