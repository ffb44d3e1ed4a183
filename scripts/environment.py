"""Makes or renews the Python environment in .venv. The standard library is all it may use.

python scripts/environment.py EXTRA      # all, or dev for tests and checks

Whatever interrupts it, the next start goes on: the stamp that says "done" is written last. Of several at once one
works and the others wait.
"""

import fcntl
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
PYTHON = FOLDER / "bin" / "python"
INCLUDED = {"all": ["all"], "dev": ["all", "dev"]}  # whose stamps an installation earns
LOCK_POLL_S = 0.2
LOCK_TIMEOUT_S = 1800.0  # longer than an installation over a slow line
CPU_TORCH = "https://download.pytorch.org/whl/cpu"  # https://pytorch.org/get-started/locally
INDEX_TIMEOUT_S = 3.0  # an index that is slower isn't worth it


class SetupError(Exception):
    """The environment can't be made; the text says what to do."""


def main(extra: str) -> None:
    """Have the environment with the packages of `extra`."""
    with alone(ROOT / "pyproject.toml") as file:
        wanted = f"{ROOT}\n{file.read()}"  # read before the work, so that an edit meanwhile is noticed next time
        if PYTHON.exists() and read(stamp(extra)) == wanted:
            return
        for name in INCLUDED:
            stamp(name).unlink(missing_ok=True)
        begun = time.monotonic()
        say(f"Setting up Python packages in {FOLDER} (once, about a minute) ...")
        install(extra)
        for name in INCLUDED[extra]:
            write(stamp(name), wanted)
        say(f"Done in {time.monotonic() - begun:.0f} s.")


def install(extra: str) -> None:
    """Install with uv where there is one, else with pip; the project itself is installed editable."""
    uv = shutil.which("uv")
    if uv:
        made = works() or run(uv, "venv", "-q", "--allow-existing", "--python", sys.executable, str(FOLDER))
        if made and add(extra, uv, "pip", "install", "-q", "--python", str(PYTHON)):
            return
        say("uv couldn't do it: trying with pip, which may know another package index.")
    if not has_pip() and not run(sys.executable, "-m", "venv", "--clear", str(FOLDER)):
        raise SetupError(f"{FOLDER} can't be made. On Debian and Ubuntu: sudo apt-get install python3-venv")
    if not add(extra, str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"):
        raise SetupError("pip couldn't install the packages: its message is above. Start again to go on.")


def add(extra: str, *command: str) -> bool:
    """Run the installing `command` for the project with `extra`."""
    if extra == "dev" and cpu_torch_will_do() and not run(*command, "--index-url", CPU_TORCH, "torch"):
        say("Torch for the CPU alone can't be had: taking the large one.")
    return run(*command, "-e", f"{ROOT}[{extra}]")


def cpu_torch_will_do() -> bool:
    """Whether to take torch without CUDA, 0.2 GB: PyPI has only the one with it for Linux, which is 3 GB."""
    if sys.platform != "linux" or shutil.which("nvidia-smi"):
        return False
    try:
        with urlopen(f"{CPU_TORCH}/torch/", timeout=INDEX_TIMEOUT_S):  # noqa: S310 - always https
            return True
    except (OSError, HTTPException):
        return False


def works() -> bool:
    """Whether the environment's interpreter runs and is new enough (a system upgrade may have removed it)."""
    return _silent("import sys; sys.exit(sys.version_info < (3, 11))")


def has_pip() -> bool:
    """Whether the environment works and has pip (one that uv made has none)."""
    return works() and _silent("import pip")


def _silent(code: str) -> bool:
    try:
        done = subprocess.run([PYTHON, "-c", code], capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def run(*command: str) -> bool:
    """Run a program, its output on stderr: stdout belongs to the command that follows."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode == 0


@contextmanager
def alone(path: Path) -> Iterator[IO[str]]:
    """Open `path` under the kernel's lock, which ends with its holder."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    with path.open("r+") as file:
        told = False
        while not locked(file):
            if not told:
                say("Another start is setting up the environment: waiting for it ...")
                told = True
            if time.monotonic() > deadline:
                raise SetupError("The other start has not finished within 30 minutes. End it and start again.")
            time.sleep(LOCK_POLL_S)
        yield file


def locked(file: IO[str]) -> bool:
    """Try to take the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stamp(extra: str) -> Path:
    """Where it is written for which dependency file `extra` was installed; scripts/lib.sh compares it."""
    return FOLDER / f".stamp-{extra}"


def read(path: Path) -> str | None:
    """Return a file's text, None where there is none."""
    try:
        return path.read_text()
    except OSError:
        return None


def write(path: Path, text: str) -> None:
    """Write a file in one step."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def say(line: str) -> None:
    """Tell the user; stdout belongs to the command that follows."""
    sys.stderr.write(line + "\n")


def terminated(number: int, _frame: FrameType | None) -> None:
    """Leave by an exception, so that the installer is ended as well."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, terminated)
    signal.signal(signal.SIGHUP, terminated)
    try:
        main(sys.argv[1])
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        say("Interrupted: the next start goes on.")
        sys.exit(130)
