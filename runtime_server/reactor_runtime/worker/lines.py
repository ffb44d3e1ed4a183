"""A process's stdout and stderr, line by line."""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections import deque
from typing import IO, Protocol

from reactor_runtime.worker.allowance import Allowance

_READ_BYTES = 64 * 1024
_MAX_LINE_BYTES = 8 * 1024  # a longer line is logged in pieces
_TAIL_LINES = 200  # of what is left out the last lines are kept: stacks of a crash are among them
_TAIL_LINE_BYTES = 1024  # longer than any line of a stack
_LOOK_S = 0.5  # how soon the end of a flood is noticed
_FLOOD_PAUSE_S = 0.005  # between two reads of a flood: 13 MB/s at most; 50 MB took 0.11 s of a core in 6 s


class LineTaker(Protocol):
    """Whom a pump tells, on its thread."""

    def line(self, stream: str, text: str) -> None:
        """A line was written."""
        ...

    def left_out(self, stream: str, lines: int, size_bytes: int) -> None:
        """So many lines before the next one were written faster than they may be logged."""
        ...


class LinePump:
    """A thread that hands over the lines of some pipes until they end or it is closed.

    What is written is read at once, so that nobody waits for the log (but floods of megabytes). What exceeds an
    `Allowance` is counted and dropped, its last lines apart.
    """

    def __init__(self, pipes: dict[str, IO[bytes]], taker: LineTaker) -> None:
        self._pipes = pipes
        self._streams = {name: _Stream(name, taker) for name in pipes}
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
                flooded = any(stream.flooded for stream in self._streams.values())
                for key, _ in selector.select(_LOOK_S if flooded else None):
                    if key.fileobj is self._woken:
                        self._end()
                        return
                    data = os.read(key.fd, _READ_BYTES)
                    self._streams[key.data].feed(data)
                    if not data:
                        selector.unregister(key.fileobj)
                for stream in self._streams.values():
                    stream.settle()
                if flooded:
                    time.sleep(_FLOOD_PAUSE_S)
            self._end()

    def _end(self) -> None:
        for stream in self._streams.values():
            stream.end()


class _Stream:
    """One pipe's lines, and what of them may be logged."""

    def __init__(self, name: str, taker: LineTaker) -> None:
        self._name = name
        self._taker = taker
        self._rest = b""
        self._allowance = Allowance()
        self._left_out = 0
        self._left_out_bytes = 0
        self._tail: deque[bytes] = deque(maxlen=_TAIL_LINES)

    @property
    def flooded(self) -> bool:
        """Whether lines were left out that nobody was told of yet."""
        return self._left_out > 0

    def feed(self, data: bytes) -> None:
        """Take what was read; nothing: the pipe has ended."""
        # A progress bar writes \r without \n.
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if self._rest and (not data or len(self._rest) > _MAX_LINE_BYTES):
            lines.append(self._rest)
            self._rest = b""
        for index, line in enumerate(lines):
            if self.flooded or not self._allowance.is_open():
                self._leave_out(lines[index:])
                return
            self._log(line)

    def settle(self) -> None:
        """Tell what was left out, as soon as something may be logged again."""
        if self.flooded and self._allowance.is_open():
            self._tell()

    def end(self) -> None:
        """Log what is left."""
        self.feed(b"")
        if self.flooded:
            self._tell()

    def _leave_out(self, lines: list[bytes]) -> None:
        self._left_out += len(lines)
        self._left_out_bytes += sum(map(len, lines))
        self._tail.extend(line[:_TAIL_LINE_BYTES] for line in lines[-_TAIL_LINES:])

    def _tell(self) -> None:
        lines = self._left_out - len(self._tail)
        size_bytes = self._left_out_bytes - sum(map(len, self._tail))
        if lines:
            self._taker.left_out(self._name, lines, size_bytes)
        for line in self._tail:
            self._log(line)
        self._left_out = self._left_out_bytes = 0
        self._tail.clear()

    def _log(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        for start in range(0, len(text), _MAX_LINE_BYTES):
            piece = text[start : start + _MAX_LINE_BYTES]
            self._allowance.charge(len(piece))
            self._taker.line(self._name, piece)
