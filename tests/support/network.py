"""Two machines and the cable between them, on one kernel: network namespaces, and a wire that can be made bad.

    with Machine.made("servers") as servers, Machine.made("viewer") as viewer, Cable(servers, viewer) as cable:
        process = subprocess.Popen(viewer.command(...))
        cable.conditions = Conditions(loss=0.05)

The wire is a pair of TAP devices and a thread that carries frames between them: `tc netem` needs a kernel module that
many kernels lack, and what the thread does (lose, delay, block) is all that is asked for. Packets reach the two
namespaces and nothing else. Namespaces of a run that was killed are removed by the next one.
"""

import contextlib
import ctypes
import fcntl
import heapq
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from support.parts import missing

_NAMED = Path("/run/netns")
_PREFIX = "reactor-test"
_TUN = "/dev/net/tun"
_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000  # linux/if_tun.h
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_INTERFACE = "wlan0"
_FRAME_BYTES = 65536
_QUEUE = 10_000  # frames under way: 10 s of a session's traffic at 100 ms
_IP_S = 10.0
_ETHERNET_BYTES = 14
_ARP, _IPV4, _UDP = b"\x08\x06", b"\x08\x00", 17


def wanting() -> list[str]:
    """What a network needs and this machine, or this user, doesn't have."""
    return [
        what
        for what, there in (
            ("root", os.geteuid() == 0),
            ("the program `ip` (Debian: iproute2)", shutil.which("ip") is not None),
            (_TUN, os.access(_TUN, os.R_OK | os.W_OK)),
        )
        if not there
    ]


def need_namespaces() -> None:
    """See that a network can be made here."""
    if lacking := wanting():
        missing(f"needs {', '.join(lacking)}")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a cable does to what goes through, in each direction."""

    loss: float = 0.0
    """Share of the frames that vanish."""
    jitter_s: float = 0.0
    """Each is late by anything up to this, and may overtake others."""
    cut: bool = False
    """Nothing gets through."""
    udp: bool = True
    """False: a firewall swallows UDP."""


class Machine:
    """A network namespace: its own interfaces, addresses and ports; the same files and clock."""

    def __init__(self, name: str) -> None:
        self.name = f"{_PREFIX}-{os.getpid()}-{name}"

    @classmethod
    @contextlib.contextmanager
    def made(cls, name: str) -> Iterator[Self]:
        """Make it, and remove it with all its interfaces."""
        _sweep()
        machine = cls(name)
        run_ip("netns", "add", machine.name)
        try:
            machine.ip("link", "set", "lo", "up")
            yield machine
        finally:
            run_ip("netns", "delete", machine.name)

    def ip(self, *arguments: str) -> str:
        """Run `ip` there."""
        return run_ip("-n", self.name, *arguments)

    def command(self, *argv: str) -> list[str]:
        """The command line that runs `argv` there."""
        return ["ip", "netns", "exec", self.name, *argv]

    def enter(self) -> None:
        """Move the calling thread there, for good, and with it the threads and processes that it starts."""
        libc = ctypes.CDLL(None, use_errno=True)
        with (_NAMED / self.name).open() as namespace:
            if libc.setns(namespace.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"can't enter {self.name}")

    @contextlib.contextmanager
    def interface(self, name: str, address: str) -> Iterator[None]:
        """Have one more interface, which leads nowhere, and take it away again."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", f"{name}-end")
        try:
            self.ip("address", "add", f"{address}/24", "dev", name)
            for each in (name, f"{name}-end"):
                self.ip("link", "set", each, "up")
            yield
        finally:
            self.ip("link", "delete", name)


class Cable:
    """Connects two machines: 10.77.0.1 (the first) and 10.77.0.2.

    The interface is `wlan0` on both: WebRTC prefers any wired one that there is besides.
    """

    addresses = ("10.77.0.1", "10.77.0.2")

    def __init__(self, *machines: Machine) -> None:
        self._machines = machines
        self._ends: list[_End] = []
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="cable", daemon=True)
        self.conditions = Conditions()

    def __enter__(self) -> Self:
        self._running.set()
        for machine, address in zip(self._machines, self.addresses, strict=True):
            self._ends.append(_End(machine, address))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.clear()
        self._thread.join(_IP_S)
        for end in self._ends:
            end.close()

    @contextlib.contextmanager
    def pulled(self, side: int) -> Iterator[None]:
        """Take the interface out of a machine (0 or 1), and put a new one with the same address in afterwards."""
        end = self._ends[side]
        end.close()
        try:
            yield
        finally:
            end.open()

    def _carry(self) -> None:
        chance = random.Random(1)  # noqa: S311 - the same losses in every run
        late: list[tuple[float, int, int, bytes]] = []
        order = 0
        while self._running.is_set():
            wait_s = max(0.0, late[0][0] - time.monotonic()) if late else 0.05
            fds = {end.fd: side for side, end in enumerate(self._ends) if end.fd is not None}
            try:
                readable, _, _ = select.select(list(fds), [], [], min(wait_s, 0.05))
            except (OSError, ValueError):  # an end was closed meanwhile
                continue
            now_s = time.monotonic()
            for fd in readable:
                try:
                    frame = os.read(fd, _FRAME_BYTES)
                except OSError:
                    continue
                conditions = self.conditions
                if self._passes(frame, conditions, chance) and len(late) < _QUEUE:
                    order += 1
                    delay_s = chance.random() * conditions.jitter_s
                    heapq.heappush(late, (now_s + delay_s, order, 1 - fds[fd], frame))
            while late and late[0][0] <= now_s:
                _, _, side, frame = heapq.heappop(late)
                self._ends[side].write(frame)

    @staticmethod
    def _passes(frame: bytes, conditions: Conditions, chance: random.Random) -> bool:
        if conditions.cut or frame[12:14] not in (_ARP, _IPV4) or chance.random() < conditions.loss:
            return False
        return conditions.udp or frame[12:14] != _IPV4 or frame[_ETHERNET_BYTES + 9] != _UDP


class _End:
    """A TAP device in a machine."""

    def __init__(self, machine: Machine, address: str) -> None:
        self._machine, self._address = machine, address
        self._lock = threading.Lock()
        self.fd: int | None = None
        self.open()

    def open(self) -> None:
        fd = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            name = fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", b"rtest%d", _IFF_TAP | _IFF_NO_PI))
            made = name[:16].rstrip(b"\0").decode()
            run_ip("link", "set", made, "netns", self._machine.name, "name", _INTERFACE)
            self._machine.ip("address", "add", f"{self._address}/24", "dev", _INTERFACE)
            self._machine.ip("link", "set", _INTERFACE, "up")
        except BaseException:
            os.close(fd)  # and with it the device
            raise
        self.fd = fd

    def write(self, frame: bytes) -> None:
        with self._lock, contextlib.suppress(OSError):  # it may be full, or down
            if self.fd is not None:
                os.write(self.fd, frame)

    def close(self) -> None:
        with self._lock:
            fd, self.fd = self.fd, None
        if fd is not None:
            os.close(fd)


def _sweep() -> None:
    """Remove what a killed run left."""
    for left in _NAMED.glob(f"{_PREFIX}-*") if _NAMED.is_dir() else ():
        pid = left.name.removeprefix(f"{_PREFIX}-").split("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            run_ip("netns", "delete", left.name)


def run_ip(*arguments: str) -> str:
    """Run `ip`; return what it prints."""
    program = shutil.which("ip") or "ip"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=_IP_S, check=False)
    if done.returncode:
        raise AssertionError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
