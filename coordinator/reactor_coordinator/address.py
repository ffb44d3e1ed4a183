"""Where a client reaches LiveKit."""

from urllib.parse import urlsplit

SECURE = ("https", "wss")


def livekit_url_for(
    *, public_url: str | None, livekit_url: str, host: str | None, scheme: str, forwarded_proto: str | None
) -> str:
    """The set public URL, else the host that the client called us by, with LiveKit's port.

    `host` is the Host header (names, IPv4, bracketed IPv6, with or without a port); `wss` when the client came by TLS,
    here or at a proxy in front that says so.
    """
    if public_url is not None:
        return public_url
    inner = urlsplit(livekit_url)
    secure = scheme in SECURE or (forwarded_proto or "").split(",")[0].strip().lower() in SECURE
    name = _host_name(host) or inner.hostname or "127.0.0.1"
    shown = f"[{name}]" if ":" in name else name
    port = inner.port or (443 if inner.scheme in SECURE else 80)
    return f"{'wss' if secure or inner.scheme in SECURE else 'ws'}://{shown}:{port}"


def _host_name(host: str | None) -> str | None:
    if not host or any(character in host for character in "/@?#\\ "):
        return None
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
