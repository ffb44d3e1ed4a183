"""Who can reach the stack with a browser: what clients would be told, and what can't work about it."""

import ipaddress
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from reactor_cli.addresses import front_door, livekit_settings
from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.settings import LOOPBACK, RunSettings, is_loopback
from reactor_coordinator.address import livekit_url_for

_SCHEMES = ("ws", "wss", "http", "https")


def check_reach(around: Surroundings) -> Iterator[Finding]:
    """Follow a browser: the page's address, then LiveKit's."""
    settings = around.settings
    page, livekit = front_door(settings), client_livekit_url(settings)
    if not settings.is_open:
        yield ok(f"from this machine only: http://{page}, LiveKit at {livekit}")
    else:
        yield ok(f"from other machines: http://{page}, LiveKit at {livekit}")
        yield from _from_elsewhere(settings, livekit)
    yield from _livekit_url(settings, livekit)
    yield from _secure_pages(settings, livekit)
    yield from _only_loopback()


def client_livekit_url(settings: RunSettings) -> str:
    """Return what the coordinator tells a client that called it by the address `reactor run` shows."""
    own = livekit_settings(settings)
    inner = settings.livekit_url or f"ws://{LOOPBACK}:{own.port if own else 0}"
    return livekit_url_for(
        public_url=settings.livekit_public_url,
        livekit_url=inner,
        host=front_door(settings),
        scheme="http",
        forwarded_proto=None,
    )


def _from_elsewhere(settings: RunSettings, livekit: str) -> Iterator[Finding]:
    ports = f"TCP {settings.coordinator_port}"
    if not settings.livekit_url:
        tcp = f"TCP {settings.coordinator_port}, {settings.livekit_port} and {settings.media_tcp_port}"
        ports = f"{tcp}, UDP {settings.media_udp_port}"
    yield Finding(
        "info",
        f"a firewall must let in {ports}; this machine can't see that by itself",
        "Without the UDP port pictures come by TCP, later and less evenly." if not settings.livekit_url else "",
    )
    if settings.public_host is not None:
        yield from _public_host(settings.public_host)
    name = urlsplit(livekit).hostname or ""
    if settings.livekit_public_url and is_loopback(name):
        yield Finding(
            "error",
            f"clients elsewhere are told to connect to {livekit}, which is their own machine",
            "Give --livekit-public-url a name that they can reach.",
        )


def _public_host(host: str) -> Iterator[Finding]:
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host.strip("[]"), None)}
    except (OSError, UnicodeError):
        yield Finding("error", f"--public-host {host} has no address here", "Correct the name, or use the address.")
        return
    shown = ", ".join(sorted(addresses))
    if all(is_loopback(address) for address in addresses):
        yield Finding(
            "warning",
            f"--public-host {host} is {shown} here, which only this machine can reach",
            "Check what it is on another machine: getent hosts NAME. Or use this machine's address.",
        )
    elif not addresses & set(_own_addresses()):
        yield Finding(
            "warning",
            f"--public-host {host} is {shown}, no address of this machine ({', '.join(_own_addresses()) or 'none'})",
            "Something between must pass the ports on. Behind NAT, clients can't reach the media ports by the "
            "addresses that LiveKit announces: use a LiveKit server that knows its outer address (--livekit-url).",
        )


def _livekit_url(settings: RunSettings, livekit: str) -> Iterator[Finding]:
    if settings.livekit_public_url and urlsplit(livekit).scheme not in _SCHEMES:
        yield Finding(
            "error", f"--livekit-public-url {livekit} is no address for clients", "Begin it with wss:// or ws://."
        )


def _secure_pages(settings: RunSettings, livekit: str) -> Iterator[Finding]:
    """A page that came by https may open neither ws:// nor http://, except to its own machine."""
    pages = [origin for origin in settings.allow_origin if origin.startswith("https://")]
    if not pages or is_loopback(urlsplit(livekit).hostname or ""):
        return
    if urlsplit(livekit).scheme in ("ws", "http"):
        told = "is what they are told" if settings.livekit_public_url else "has no TLS"
        yield Finding(
            "error" if settings.livekit_public_url else "warning",
            f"pages of {', '.join(pages)} may connect by wss only, and LiveKit at {livekit} {told}",
            "Put a proxy with TLS in front of both ports and name it: --livekit-public-url wss://…",
        )


def _only_loopback() -> Iterator[Finding]:
    if not _own_addresses():
        yield Finding(
            "warning",
            "this machine has no network interface but loopback: Chromium gets no picture then",
            "Start it with --allow-loopback-in-peer-connection, or bring up any second interface.",
        )


def _own_addresses() -> list[str]:
    """Addresses of interfaces that are up, without loopback and link-local ones."""
    import psutil  # noqa: PLC0415 - 30 ms

    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = {
        address.address
        for name, addresses in psutil.net_if_addrs().items()
        if name in up
        for address in addresses
        if address.family in (socket.AF_INET, socket.AF_INET6) and "%" not in address.address
    }
    return sorted(address for address in found if not ipaddress.ip_address(address).is_loopback)
