"""`python -m reactor_runtime --path FOLDER`: the runtime server."""

import os
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reactor_runtime import lifeline, memory

if TYPE_CHECKING:
    from reactor_runtime.server.settings import Settings

LIFELINE = "REACTOR_LIFELINE_FD"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code.

    The model's process is the longest way to the first session, so it begins before this one imports what it needs.
    """
    if (fd := os.environ.pop(LIFELINE, None)) is not None:
        lifeline.attach(int(fd))
    memory.share_arenas()

    from reactor_runtime.server.settings import SettingsError, read_settings  # noqa: PLC0415
    from reactor_runtime.worker.spawn import WORKER_COMMAND, spawn, worker_environment  # noqa: PLC0415

    try:
        settings = read_settings(sys.argv[1:] if arguments is None else arguments)
        listening = _listen(settings)
    except SettingsError as error:
        sys.stderr.write(f"reactor_runtime: {error}\n")
        return 2
    try:
        first = spawn(WORKER_COMMAND, settings.path, worker_environment(settings.worker_environment))
    except OSError:
        first = None  # the supervisor tries again, and says so

    from reactor_runtime.server.serving import serve  # noqa: PLC0415

    return serve(settings, listening, first)


def _listen(settings: "Settings") -> socket.socket:
    from reactor_runtime.server.settings import SettingsError  # noqa: PLC0415

    host, port = settings.bind_host, settings.runtime_port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        raise SettingsError(
            f"can't listen on {host}:{port}: {error.strerror}; choose another with --host, --runtime-port"
        ) from None
    return listening


if __name__ == "__main__":
    # structlog and httpx import rich where it is: 0.1 s of every start, for tracebacks in colour.
    sys.modules["rich"] = None  # type: ignore[assignment]
    sys.exit(main())
