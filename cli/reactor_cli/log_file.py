"""Full logs of the children on disk, bounded in size and number."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

_FILE_BYTES = 8 * 1024 * 1024
_STACKS_KEPT = 10


def cache_folder() -> Path:
    """Return where downloads and logs live: `REACTOR_CACHE_DIR`, else `~/.cache/reactor-local`."""
    return Path(os.environ.get("REACTOR_CACHE_DIR") or Path.home() / ".cache" / "reactor-local").expanduser()


def stack_log_folder(coordinator_port: int) -> Path | None:
    """Make the folder for one stack's logs and forget the oldest stacks'; None where nothing can be written."""
    logs = cache_folder() / "logs"
    folder = logs / str(coordinator_port)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        by_age = sorted((child for child in logs.iterdir() if child.is_dir()), key=lambda child: child.stat().st_mtime)
    except OSError:
        return None
    for old in by_age[:-_STACKS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


class LogFile:
    """Appends lines to `file`; the previous start's, and what exceeds the bound, becomes `<file>.1`.

    A full or broken disk stops the log, never the stack.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stream: BinaryIO | None = None
        self._bytes = 0
        self._turn()

    def write(self, line: str) -> None:
        """Add one line."""
        data = line.encode(errors="replace") + b"\n"
        if self._bytes + len(data) > _FILE_BYTES:
            self._turn()
        self._bytes += len(data)
        try:
            if self._stream is not None:
                self._stream.write(data)
        except OSError:
            self.close()

    def close(self) -> None:
        """Close the file; later lines are dropped."""
        stream, self._stream = self._stream, None
        try:
            if stream is not None:
                stream.close()
        except OSError:
            pass

    def _turn(self) -> None:
        self.close()
        self._bytes = 0
        try:
            if self._file.exists():
                self._file.replace(self._file.with_name(self._file.name + ".1"))
            # Unbuffered: the last words before a crash are the ones that matter.
            self._stream = self._file.open("wb", buffering=0)
        except OSError:
            self._stream = None
