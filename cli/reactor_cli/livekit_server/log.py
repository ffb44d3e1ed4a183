"""What the server says: the last lines in memory, the rest in a bounded file."""

import contextlib
import re
import threading
import time
from collections import deque
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol

_TAIL_LINES = 60  # what fits a screen when the server fails
_FILE_BYTES = 16 * 1024 * 1024  # days of normal use; beyond it the file starts over
_FILES_KEPT = 10
_LINE_BYTES = 4096
_TOKEN = re.compile(r"(access_token=|Bearer )[\w.~+/=-]+")


class Lines(Protocol):
    """What a log is read from; a binary file is one."""

    def readline(self, limit: int, /) -> bytes:
        """Return the next line, or its first `limit` bytes; empty at the end."""


class ServerLog:
    """A file under `directory`, new at each start; the newest ten are kept.

    `path` is None where no file can be made (a full disk, a folder of another user): the tail is kept all the same.
    """

    def __init__(self, directory: Path) -> None:
        self.path: Path | None = None
        with contextlib.suppress(OSError):
            directory.mkdir(parents=True, exist_ok=True)
            self.path = _new_file(directory)
            _prune(directory)
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._lock = threading.Lock()
        self._written_bytes = 0

    def copy(self, stream: Lines) -> None:
        """Read `stream` to its end; a full disk costs lines, never the server."""
        with self._opened() as file:
            while raw := stream.readline(_LINE_BYTES):
                line = _TOKEN.sub(r"\1...", raw.decode(errors="replace").rstrip())
                with self._lock:
                    self._tail.append(line)
                if file is not None:
                    self._write(file, line)

    def tail(self, lines: int = _TAIL_LINES) -> list[str]:
        """Return the last lines, oldest first."""
        with self._lock:
            return list(self._tail)[-lines:]

    def _opened(self) -> AbstractContextManager[IO[bytes] | None]:
        try:
            return self.path.open("wb", buffering=0) if self.path else contextlib.nullcontext()
        except OSError:
            return contextlib.nullcontext()

    def _write(self, file: IO[bytes], line: str) -> None:
        data = line.encode() + b"\n"
        try:
            if self._written_bytes > _FILE_BYTES:
                file.seek(0)
                file.truncate()
                self._written_bytes = 0
            self._written_bytes += file.write(data)
        except OSError:
            return


def _new_file(directory: Path) -> Path:
    """Make a file whose name sorts by time and that no other start shares."""
    while True:
        now_ns = time.time_ns()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now_ns // 10**9))
        path = directory / f"livekit-{stamp}-{now_ns % 10**9:09d}.log"
        try:
            path.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        return path


def _prune(directory: Path) -> None:
    for old in sorted(directory.glob("livekit-*.log"), key=lambda path: path.name)[:-_FILES_KEPT]:
        old.unlink(missing_ok=True)
