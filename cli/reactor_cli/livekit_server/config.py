"""The server's configuration file: everything that LiveKit would otherwise decide for itself."""

import json
import secrets
from dataclasses import dataclass, field

from reactor_cli.livekit_server.settings import LiveKitSettings

# LiveKit and browsers ask public STUN servers when none is given. Nobody answers on the discard port, at once.
_NO_STUN = "127.0.0.1:9"
# A re-join waits this long for a key frame: 0.5 to 1 s by default; 100 ms took a second viewer from 514 to 312 ms.
_PLI_THROTTLE = "100ms"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An API key and its secret, new at each start."""

    key: str
    secret: str = field(repr=False)

    @classmethod
    def random(cls) -> "KeyPair":
        """Make one; the secret has 48 random bytes (LiveKit asks for 32 characters)."""
        return cls("API" + secrets.token_hex(8), secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True)
class Ports:
    """The three ports of a server: signalling, media over TCP, media over UDP."""

    http: int
    tcp: int
    udp: int


def render(settings: LiveKitSettings, ports: Ports, keys: KeyPair, *, in_bridge: bool = False) -> str:
    """Return the configuration as YAML (JSON is YAML that needs no quoting rules).

    `in_bridge`: for a container whose ports are published, where loopback is the container's own.
    """
    open_to_all = settings.public_host is not None or in_bridge
    rtc: dict[str, object] = {
        "udp_port": ports.udp,
        "tcp_port": ports.tcp,
        "use_external_ip": False,
        "stun_servers": [_NO_STUN],
        "enable_loopback_candidate": not in_bridge,
        "pli_throttle": dict.fromkeys(("low_quality", "mid_quality", "high_quality"), _PLI_THROTTLE),
    }
    if not open_to_all:
        rtc["ips"] = {"includes": ["127.0.0.0/8"]}
    if settings.node_ip is not None:
        rtc["node_ip"] = settings.node_ip
    elif in_bridge:
        rtc["node_ip"] = "127.0.0.1"
    return json.dumps(
        {
            "port": ports.http,
            "bind_addresses": ["0.0.0.0" if open_to_all else "127.0.0.1"],  # noqa: S104 - asked for
            "keys": {keys.key: keys.secret},
            "rtc": rtc,
            "room": {"auto_create": False},
            "logging": {"level": "info", "json": False},
        },
        indent=1,
    )
