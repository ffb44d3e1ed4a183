"""What this machine knows of a folder that it fetched: enough to say at once that it is complete, and to verify it."""

import contextlib
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError


class RecordedFile(BaseModel):
    """One file as it was when it was fetched and checked; `path` relative to the folder."""

    model_config = ConfigDict(frozen=True)

    path: str
    size_bytes: int
    mtime_ns: int
    sha256: str

    def looks_right(self, folder: str) -> bool:
        """Whether the file has the size and the time of change that it had."""
        try:
            status = os.stat(f"{folder}/{self.path}")  # noqa: PTH116 - a thousand times at each start
        except OSError:
            return False
        return status.st_size == self.size_bytes and status.st_mtime_ns == self.mtime_ns


class FolderRecord(BaseModel):
    """All files of a fetched folder, and the registry that they are from."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    location: str
    files: tuple[RecordedFile, ...]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)

    def matches(self, folder: Path) -> bool:
        """Whether every file looks as it did. Opens none: that is what `verify` is for."""
        text = os.fspath(folder)
        return all(file.looks_right(text) for file in self.files)

    def has_sizes(self, folder: Path) -> bool:
        """Whether every file has its size, whatever its time of change."""
        with contextlib.suppress(OSError):
            return all((folder / file.path).stat().st_size == file.size_bytes for file in self.files)
        return False

    def write(self, path: Path) -> None:
        """Store it, atomically and for good."""
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with temporary.open("wb") as file:
            file.write(self.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def read_record(path: Path) -> FolderRecord | None:
    """The record stored at `path`; None when there is none, or none that can be read."""
    with contextlib.suppress(OSError, ValidationError):
        return FolderRecord.model_validate_json(path.read_bytes())
    return None
