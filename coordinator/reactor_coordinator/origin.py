"""Which web pages may open a socket. Programs send no Origin and are allowed; a page can't leave it out."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit


def origin_allowed(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """True for no origin, this machine (any port), our own host, and those in `allowed`.

    `null` (sandboxed frames, local files) is refused: anybody can have it.
    """
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
        name, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not name:
        return False
    if is_this_machine(name) or "*" in allowed or origin.rstrip("/") in {entry.rstrip("/") for entry in allowed}:
        return True
    return host is not None and parts.netloc.lower() == host.lower()


def is_this_machine(name: str) -> bool:
    """`localhost` and the loopback addresses."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
