"""`reactor run` as a process of a test: its words as records, its family by name, its end."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from support import shared_memory
from support.limits import PATIENCE_S
from support.ports import free_ports

TESTS = Path(__file__).parent.parent
_START_S = 2 * PATIENCE_S  # 1.5 s on an idle machine
_LAST_WORDS = 60  # lines of each stream
_PORTS = ("coordinator", "runtime", "livekit", "media-tcp", "media-udp")
_PARTS = ("reactor_coordinator", "reactor_runtime.worker", "reactor_runtime", "livekit-server")


@dataclass
class Reactor:
    """A running `reactor run`; its standard output is gathered as JSON records."""

    process: subprocess.Popen[str]
    ports: dict[str, int]
    records: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        """The coordinator's address."""
        return f"http://127.0.0.1:{self.ports['coordinator']}"

    @property
    def socket_url(self) -> str:
        """The coordinator's WebSocket."""
        return f"ws://127.0.0.1:{self.ports['coordinator']}/ws"

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The records of that event."""
        return [record for record in self.records if record["event"] == kind]

    def until(self, done: Callable[[], bool], what: str, limit_s: float = _START_S) -> None:
        """Wait."""
        deadline = time.monotonic() + limit_s
        while not done():
            assert time.monotonic() < deadline, f"no {what}: {self.records[-20:]} {self.errors[-20:]}"
            time.sleep(0.02)

    def until_ready(self) -> None:
        """Wait for the word that clients are served."""
        self.until(lambda: bool(self.events("ready")) or self.process.poll() is not None, "ready")
        assert self.process.poll() is None, self.errors

    def family(self) -> dict[str, psutil.Process]:
        """The processes under it, by what they are."""
        found: dict[str, psutil.Process] = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                line = " ".join(child.cmdline())
                for name in _PARTS:
                    if name in line and "lifeline.py" not in line:
                        found.setdefault(name, child)
                        break
        return found


def get(url: str) -> int:
    """The status of an answer; 0: none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own URLs
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def until_gone(processes: Sequence[psutil.Process], limit_s: float = PATIENCE_S) -> None:
    """Wait until none of them lives."""
    deadline = time.monotonic() + limit_s
    while left := [process for process in processes if _alive(process)]:
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.02)


def until_ports_free(ports: Mapping[str, int]) -> None:
    """Wait until each can be bound: a killed process is a zombie before its last thread has let go of its sockets."""
    deadline = time.monotonic() + PATIENCE_S
    for name, port in ports.items():
        kind = socket.SOCK_DGRAM if name == "media-udp" else socket.SOCK_STREAM
        while not _can_be_bound(port, kind):
            assert time.monotonic() < deadline, f"the port {port} ({name}) is still taken"
            time.sleep(0.02)


@contextlib.contextmanager
def reactors(folder: Path) -> Iterator[Callable[..., Reactor]]:
    """Give a function that starts `reactor run` on free ports; all of them are killed at the end, and leave nothing.

    What they said last is printed then, which pytest shows with a failure.

    Args:
        folder: of the model, unless `path` says otherwise.
    """
    running: list[tuple[Reactor, list[threading.Thread]]] = []
    memory = shared_memory.blocks()

    def start(
        *flags: str,
        path: Path = folder,
        env: Mapping[str, str] | None = None,
        wrapped: Sequence[str] = (),
        python: str = sys.executable,
    ) -> Reactor:
        ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
        command = ["-m", "reactor_cli", "run", "--log-format", "json", "--path", str(path), *_flags(ports), *flags]
        process = subprocess.Popen(
            [*wrapped, python, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=path,
            start_new_session=True,
            # Models of tests use helpers of tests.
            env=os.environ | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(TESTS)} | dict(env or {}),
        )
        reactor = Reactor(process, ports)
        running.append((reactor, _readers(reactor)))
        return reactor

    try:
        yield start
    finally:
        for reactor, readers in running:
            _kill(reactor, readers)
    shared_memory.until_none_more(memory)


def _readers(reactor: Reactor) -> list[threading.Thread]:
    out, err = reactor.process.stdout, reactor.process.stderr
    assert out is not None
    assert err is not None
    readers = [  # the last line of one that is killed may be half a line
        threading.Thread(target=lambda: reactor.records.extend(json.loads(line) for line in out if line[-1] == "\n")),
        threading.Thread(target=lambda: reactor.errors.extend(err)),
    ]
    for reader in readers:
        reader.start()
    return readers


def _kill(reactor: Reactor, readers: Sequence[threading.Thread]) -> None:
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):  # it may just be ending
        family = psutil.Process(reactor.process.pid).children(recursive=True)
    reactor.process.kill()
    reactor.process.wait(PATIENCE_S)
    until_gone(family)
    for reader in readers:
        reader.join(PATIENCE_S)
    for stream in (reactor.process.stdout, reactor.process.stderr):
        assert stream is not None
        stream.close()
    print(*reactor.records[-_LAST_WORDS:], *reactor.errors[-_LAST_WORDS:], sep="\n")


def _flags(ports: Mapping[str, int]) -> list[str]:
    return [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]


def _can_be_bound(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
