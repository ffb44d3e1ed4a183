"""A livekit-server program on this machine: where it may be, and whether it is fit for use."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PINNED_VERSION = "1.13.5"
_OLDEST = (1, 9)  # the oldest that knows every setting of ours
_RUN_TIMEOUT_S = 20.0  # 0.05 s; a virus scanner or a network disk may look at all of its 75 MB first


@dataclass(frozen=True, slots=True)
class Binary:
    """A program that ran and told its version."""

    path: Path
    version: str


class UnfitBinaryError(Exception):
    """The program is there, but it can't be used; the text says why."""


def cached_path(cache_dir: Path) -> Path:
    """Return where our own copy of the server is kept."""
    return cache_dir / "bin" / "livekit-server"


def candidates(cache_dir: Path) -> list[Path]:
    """Return the programs there are: on PATH first, then in our cache."""
    on_path = shutil.which("livekit-server")
    found = [Path(on_path)] if on_path else []
    cached = cached_path(cache_dir)
    return [*found, cached] if cached.exists() else found


def check(path: Path) -> Binary:
    """Run `path --version`.

    Raises:
        UnfitBinaryError: it doesn't run, doesn't tell its version, or is too old.
    """
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, timeout=_RUN_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise UnfitBinaryError(f"it doesn't run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise UnfitBinaryError(f"no answer to --version within {_RUN_TIMEOUT_S:.0f} s") from error
    said = done.stdout.decode(errors="replace")
    version = re.search(r"\bversion v?(\d+)\.(\d+)\.(\d+)", said)
    if done.returncode != 0 or version is None:
        raise UnfitBinaryError(f"--version ended with {done.returncode} and said {said.strip()[:80]!r}")
    major, minor, _ = (int(part) for part in version.groups())
    if (major, minor) < _OLDEST:
        raise UnfitBinaryError(f"version {'.'.join(version.groups())} is too old, 1.9 is the oldest that works")
    return Binary(path, ".".join(version.groups()))
