"""What a stack listens on, and where it is reached."""

import socket

from reactor_cli.livekit_server import LiveKitSettings
from reactor_cli.livekit_server.config import KeyPair
from reactor_cli.livekit_server.ports import wanted_ports as livekit_ports
from reactor_cli.ports import WantedPort
from reactor_cli.settings import LOOPBACK, RunSettings

_ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - names what a user may have asked for


def livekit_settings(settings: RunSettings) -> LiveKitSettings | None:
    """Return the launcher's settings, with a new key, or None where a server is given."""
    if settings.livekit_url:
        return None
    keys = KeyPair.random()
    return LiveKitSettings(
        port=settings.livekit_port,
        tcp_port=settings.media_tcp_port,
        udp_port=settings.media_udp_port,
        public_host=(settings.public_host or settings.listen_host) if settings.is_open else None,
        api_key=keys.key,
        api_secret=keys.secret,
    )


def wanted_ports(settings: RunSettings, livekit: LiveKitSettings | None) -> list[WantedPort]:
    """Return all ports of a stack; `livekit` is None where a server is given."""
    tcp = socket.SOCK_STREAM
    ports = [
        WantedPort(settings.coordinator_port, tcp, settings.listen_host, "coordinator", "--coordinator-port"),
        WantedPort(settings.runtime_port, tcp, LOOPBACK, "runtime server", "--runtime-port"),
    ]
    if settings.debug:
        ports.append(WantedPort(settings.debug_port, tcp, LOOPBACK, "debugger", "--debug-port"))
    return ports + (livekit_ports(livekit) if livekit else [])


def reachable(host: str) -> str:
    """Return an address of this machine that can be called, for one that is listened on."""
    return LOOPBACK if host in _ANY_ADDRESS else host


def front_door(settings: RunSettings) -> str:
    """Return `host:port` where clients and browsers begin."""
    host = reachable(settings.public_host or settings.listen_host)
    return f"{f'[{host}]' if ':' in host else host}:{settings.coordinator_port}"
