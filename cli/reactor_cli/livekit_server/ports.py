"""The server's ports: claimed together, before it is started."""

import socket

from reactor_cli.livekit_server.config import Ports
from reactor_cli.livekit_server.errors import LiveKitPortTakenError
from reactor_cli.livekit_server.settings import ANY_PORT, LiveKitSettings
from reactor_cli.ports import WantedPort, advice


def wanted_ports(settings: LiveKitSettings) -> list[WantedPort]:
    """Return signalling, media over TCP and media over UDP, in this order."""
    everywhere = ""  # LiveKit binds its TCP media port on all interfaces, whatever it is told
    host = everywhere if settings.public_host is not None else "127.0.0.1"
    return [
        WantedPort(settings.port, socket.SOCK_STREAM, host, "LiveKit, signalling", "--livekit-port"),
        WantedPort(settings.tcp_port, socket.SOCK_STREAM, everywhere, "LiveKit, media over TCP", "--media-tcp-port"),
        WantedPort(settings.udp_port, socket.SOCK_DGRAM, host, "LiveKit, media over UDP", "--media-udp-port"),
    ]


def claim(settings: LiveKitSettings) -> Ports:
    """Return the ports to use: those asked for, and free ones for those left open.

    Raises:
        LiveKitPortTakenError: names the process in the way, or says that the port may not be used.
    """
    held: list[socket.socket] = []  # all at once, so that no port is given twice
    try:
        for port in wanted_ports(settings):
            held.append(_bind(port))  # noqa: PERF401 - those bound before a failure must be closed
        return Ports(*(opened.getsockname()[1] for opened in held))
    finally:
        for opened in held:
            opened.close()


def _bind(port: WantedPort) -> socket.socket:
    try:
        return port.bind()
    except OSError as error:
        raise LiveKitPortTakenError(advice([port.explain(error)])) from error


def wants_any(settings: LiveKitSettings) -> bool:
    """Whether a port is left open, so that losing it to somebody else is worth another try."""
    return ANY_PORT in (settings.port, settings.tcp_port, settings.udp_port)
