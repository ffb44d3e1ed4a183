"""Ports that are free, and who is in the way of those that aren't."""

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass

_COMMAND_CHARS = 120


@dataclass(frozen=True, slots=True)
class PortProblem:
    """Why a port can't be had, and the flag that chooses another one."""

    text: str
    flag: str


@dataclass(frozen=True, slots=True)
class WantedPort:
    """One port, what it is for, and the flag that changes it.

    Args:
        number: 0 means any free one.
        host: IPv4 or IPv6 address or name; empty for all interfaces.
    """

    number: int
    kind: socket.SocketKind
    host: str
    purpose: str
    flag: str

    @property
    def protocol(self) -> str:
        """TCP or UDP."""
        return "TCP" if self.kind == socket.SOCK_STREAM else "UDP"

    def bind(self) -> socket.socket:
        """Return a socket that holds the port.

        Raises:
            OSError: it can't be had.
        """
        family, _, _, _, address = socket.getaddrinfo(self.host or "0.0.0.0", self.number, type=self.kind)[0]  # noqa: S104
        opened = socket.socket(family, self.kind)
        try:
            if self.kind == socket.SOCK_STREAM:
                opened.setsockopt(
                    socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
                )  # as servers do: old connections don't count
            opened.bind(address)
        except OSError:
            opened.close()
            raise
        return opened

    def explain(self, error: OSError) -> "PortProblem":
        """Say why `bind` failed and who is in the way."""
        what = f"{self.protocol} port {self.number} ({self.purpose})"
        if error.errno != errno.EADDRINUSE:
            return PortProblem(f"{what} can't be used on {self.host or 'all interfaces'}: {error.strerror}.", self.flag)
        owner = self._owner() or "a process that this user may not see"
        return PortProblem(f"{what} is taken by {owner}.", self.flag)

    def _owner(self) -> str | None:
        """Return "name (pid 12): command line", or None where the system doesn't tell."""
        import psutil  # noqa: PLC0415 - 30 ms that only a failure needs

        try:
            listening = psutil.net_connections("tcp" if self.kind == socket.SOCK_STREAM else "udp")
            pids = {c.pid for c in listening if c.pid and c.laddr and c.laddr.port == self.number and not c.raddr}
            process = psutil.Process(min(pids))
            command = " ".join(process.cmdline())
            return f"{process.name()} (pid {process.pid}): {command[:_COMMAND_CHARS]}"
        except (psutil.Error, ValueError, OSError):
            return None


def port_problems(wanted: Sequence[WantedPort]) -> str | None:
    """Try all ports at once; say what is wrong, one line a port, and what to do. None: they can be used."""
    problems = try_ports(wanted)
    return advice(problems) if problems else None


def try_ports(wanted: Sequence[WantedPort]) -> list[PortProblem]:
    """Try all ports at once, and return those that can't be had."""
    held: list[socket.socket] = []
    problems: list[PortProblem] = []
    for port in wanted:
        try:
            held.append(port.bind())
        except OSError as error:
            problems.append(port.explain(error))
    for opened in held:
        opened.close()
    return problems


def advice(problems: Sequence[PortProblem]) -> str:
    """Say what is wrong, one line a port, and what to do."""
    lines = [problem.text for problem in problems]
    if any("livekit" in line.partition("taken by")[2] for line in lines):
        stack = any("reactor_coordinator" in line for line in lines)
        lines.append(
            "Another `reactor run` is up."
            if stack
            else "There is another LiveKit server: use it with --livekit-url and its key, or end it."
        )
    another = "another port" if len(problems) == 1 else "other ports"
    lines.append(f"End what is in the way, or choose {another}: {', '.join(problem.flag for problem in problems)}")
    return "\n".join(lines)
