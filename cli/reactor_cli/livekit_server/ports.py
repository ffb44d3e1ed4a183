"""Ports that are free, and who is in the way of those that aren't."""

import errno
import socket
from dataclasses import dataclass

from reactor_cli.livekit_server.config import Ports
from reactor_cli.livekit_server.errors import LiveKitPortTakenError
from reactor_cli.livekit_server.settings import ANY_PORT, LiveKitSettings

_COMMAND_CHARS = 120


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One port, what it is for, and the flag that changes it."""

    number: int
    kind: socket.SocketKind
    host: str
    purpose: str
    flag: str

    @property
    def protocol(self) -> str:
        return "TCP" if self.kind == socket.SOCK_STREAM else "UDP"


def claim(settings: LiveKitSettings) -> Ports:
    """Return the ports to use: those asked for, and free ones for those left open.

    Raises:
        LiveKitPortTakenError: names the process in the way, or says that the port may not be used.
    """
    everywhere = ""  # LiveKit binds its TCP media port on all interfaces, whatever it is told
    host = everywhere if settings.public_host is not None else "127.0.0.1"
    wanted = [
        _Wanted(settings.port, socket.SOCK_STREAM, host, "signalling", "--livekit-port"),
        _Wanted(settings.tcp_port, socket.SOCK_STREAM, everywhere, "media over TCP", "--media-tcp-port"),
        _Wanted(settings.udp_port, socket.SOCK_DGRAM, host, "media over UDP", "--media-udp-port"),
    ]
    held: list[socket.socket] = []  # all at once, so that no port is given twice
    try:
        for port in wanted:
            held.append(_bind(port))  # noqa: PERF401 - those bound before a failure must be closed
        return Ports(*(opened.getsockname()[1] for opened in held))
    finally:
        for opened in held:
            opened.close()


def _bind(port: _Wanted) -> socket.socket:
    opened = socket.socket(socket.AF_INET, port.kind)
    try:
        if port.kind == socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Go does: old connections don't count
        opened.bind((port.host, port.number))
    except OSError as error:
        opened.close()
        raise LiveKitPortTakenError(_explain(port, error)) from error
    return opened


def _explain(port: _Wanted, error: OSError) -> str:
    what = f"{port.protocol} port {port.number} (LiveKit, {port.purpose})"
    change = f"choose another port with {port.flag}"
    if error.errno != errno.EADDRINUSE:
        return f"{what} can't be used: {error.strerror}. Ports below 1024 need privileges: {change}."
    owner = _owner(port)
    if owner is None:
        return f"{what} is taken by a process that this user may not see. End it, or {change}."
    hint = (
        "\nThat is another LiveKit server: use it with --livekit-url and its key, or end it."
        if _is_livekit(owner)
        else ""
    )
    return f"{what} is taken by {owner}.{hint}\nEnd that process, or {change}."


def _is_livekit(owner: str) -> bool:
    return "livekit" in owner


def _owner(port: _Wanted) -> str | None:
    """Return "name (pid 12): command line", or None where the system doesn't tell."""
    import psutil  # noqa: PLC0415 - 30 ms that only a failure needs

    try:
        listening = psutil.net_connections("tcp" if port.kind == socket.SOCK_STREAM else "udp")
        pids = {c.pid for c in listening if c.pid and c.laddr and c.laddr.port == port.number and not c.raddr}
        process = psutil.Process(min(pids))
        command = " ".join(process.cmdline())
        return f"{process.name()} (pid {process.pid}): {command[:_COMMAND_CHARS]}"
    except (psutil.Error, ValueError, OSError):
        return None


def wants_any(settings: LiveKitSettings) -> bool:
    """Whether a port is left open, so that losing it to somebody else is worth another try."""
    return ANY_PORT in (settings.port, settings.tcp_port, settings.udp_port)
