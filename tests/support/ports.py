"""Ports for processes of tests."""

import contextlib
import os
import random
import socket
from collections import deque

# Below those that the system gives to outgoing connections: they are taken by other tests' clients at any moment.
_LOWEST, _HIGHEST = 12_000, 32_000


def ports_of(worker: str, workers: int) -> range:
    """The ports that are one's alone of `workers` (named gw0, gw1, ...) that run tests side by side."""
    share = (_HIGHEST - _LOWEST) // workers
    first = _LOWEST + share * (int(worker.removeprefix("gw")) % workers)  # one that died is replaced by a higher number
    return range(first, first + share)


def _shuffled() -> deque[int]:
    ours = ports_of(os.environ.get("PYTEST_XDIST_WORKER", "gw0"), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    return deque(random.SystemRandom().sample(ours, len(ours)))  # no two runs at once choose the same


_next = _shuffled()


def free_ports(count: int) -> list[int]:
    """Ports that nobody has a moment ago, neither for TCP nor for UDP.

    One that was given isn't soon given again: it is free as well while its owner is being restarted.
    """
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            _next.rotate(-1)
            port = _next[-1]
            sockets = [held.enter_context(socket.socket(type=kind)) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
            with contextlib.suppress(OSError):
                for each in sockets:
                    each.bind(("127.0.0.1", port))
                found.append(port)
    return found
