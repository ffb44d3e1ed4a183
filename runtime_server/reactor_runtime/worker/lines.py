"""A process's stdout and stderr, line by line."""

import contextlib
import os
import selectors
import socket
import threading
from collections.abc import Callable
from typing import IO

_READ_BYTES = 64 * 1024
_MAX_LINE_BYTES = 8 * 1024  # a longer line is logged in pieces


class LinePump:
    """A thread that hands over every line of some pipes until they end or it is closed."""

    def __init__(self, pipes: dict[str, IO[bytes]], take: Callable[[str, str], None]) -> None:
        self._take = take
        self._pipes = pipes
        self._rest = dict.fromkeys(pipes, b"")
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="worker-output", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """Wait that long for the pipes' end (a process that left the group may hold them open), then stop."""
        self._thread.join(timeout_s)
        self._wake.close()
        self._thread.join()
        for pipe in self._pipes.values():
            pipe.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector, contextlib.closing(self._woken):
            selector.register(self._woken, selectors.EVENT_READ)
            for name, pipe in self._pipes.items():
                selector.register(pipe, selectors.EVENT_READ, name)
            while len(selector.get_map()) > 1:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        return
                    if not self._read(key.fd, key.data):
                        selector.unregister(key.fileobj)

    def _read(self, fd: int, name: str) -> bool:
        data = os.read(fd, _READ_BYTES)
        # A progress bar writes \r without \n.
        *lines, rest = (self._rest[name] + data).replace(b"\r", b"\n").split(b"\n")
        if not data or len(rest) > _MAX_LINE_BYTES:
            lines, rest = [*lines, rest], b""
        self._rest[name] = rest
        for line in lines:
            if text := line.decode(errors="replace").rstrip():
                for start in range(0, len(text), _MAX_LINE_BYTES):
                    self._take(name, text[start : start + _MAX_LINE_BYTES])
        return bool(data)
