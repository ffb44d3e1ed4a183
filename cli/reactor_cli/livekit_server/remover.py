"""Removes a container when stdin ends, that is when the process which started it is gone.

python -m reactor_cli.livekit_server.remover CONTAINER
"""

import contextlib
import signal
import sys

import docker
from docker.errors import DockerException


def main(container_id: str) -> None:
    """Wait for the end of stdin, then remove the container with force."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    client = docker.from_env(timeout=30)
    sys.stdin.read()
    with contextlib.suppress(DockerException):
        client.containers.get(container_id).remove(force=True, v=True)


if __name__ == "__main__":
    main(sys.argv[1])
