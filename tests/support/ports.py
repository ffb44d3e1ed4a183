"""Ports for processes of tests."""

import contextlib
import random
import socket

# Below those that the system gives to outgoing connections: they are taken by other tests' clients at any moment.
_LOWEST, _HIGHEST = 12_000, 32_000
_chosen = random.SystemRandom()  # no two runs at once choose the same


def free_ports(count: int) -> list[int]:
    """Ports that nobody has a moment ago, neither for TCP nor for UDP."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            port = _chosen.randint(_LOWEST, _HIGHEST)
            sockets = [held.enter_context(socket.socket(type=kind)) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
            with contextlib.suppress(OSError):
                for each in sockets:
                    each.bind(("127.0.0.1", port))
                found.append(port)
    return found
