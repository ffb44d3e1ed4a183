"""Where other machines reach the page."""

import contextlib
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from reactor_coordinator.address import SECURE
from reactor_coordinator.origin import is_this_machine

_ELSEWHERE = {socket.AF_INET: ("192.0.2.1", 9), socket.AF_INET6: ("2001:db8::1", 9)}
"""Documentation addresses (RFC 5737, RFC 3849), on the far side of whatever way leads out of this machine."""


def lan_url(listen_host: str, public_host: str | None, port: int, livekit_public_url: str | None = None) -> str | None:
    """The page's address for other machines; None: they aren't let in, or no network is up.

    None as well where clients join LiveKit by TLS: what the proxy before us calls the page isn't known here.
    """
    if livekit_public_url is not None and urlsplit(livekit_public_url).scheme in SECURE:
        return None
    host = public_host or _own_address(listen_host.strip("[]"))
    if host is None or is_this_machine(host):
        return None
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _own_address(listen_host: str) -> str | None:
    try:
        everywhere = not listen_host or ip_address(listen_host).is_unspecified
    except ValueError:
        everywhere = False
    if not everywhere:
        return listen_host
    found = (_address_towards(family) for family in _ELSEWHERE)
    return next((address for address in found if address is not None), None)


def _address_towards(family: socket.AddressFamily) -> str | None:
    """Our address on the way out. Connecting a datagram socket only looks up the way: nothing is sent."""
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(_ELSEWHERE[family])
        address: str = probe.getsockname()[0]
        return None if ip_address(address).is_link_local else address
    return None
