"""Which parts of a tree are finished, on the disk beside it.

Lines of JSON: `{"boot": …}`, then `{"file": N, "path": …, "identity": …}` for each file, then `[N,part]` for each
finished part, written after the part. A second line for a file takes back what was said of it. What a crash tears is
no JSON and is left out.
"""

import contextlib
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(slots=True)
class Claim:
    """What a journal says of one file.

    Parameters:
        identity: of the planned file whose parts these are.
        parts: that are finished.
        believed: nothing can have been lost since.
    """

    identity: str
    believed: bool
    parts: set[int] = field(default_factory=set)


class _Boot(BaseModel):
    boot: str


class _File(BaseModel):
    file: int
    path: str
    identity: str


_LINE: TypeAdapter[_Boot | _File | tuple[int, int]] = TypeAdapter(_Boot | _File | tuple[int, int])


class Journal:
    """The journal of a tree that is being worked on; for many threads.

    Parameters:
        path: its file; replaced.
        claims: of the plan's files, by their paths, in the plan's order. Those that are believed are claimed again.
    """

    def __init__(self, path: Path, claims: dict[str, Claim]) -> None:
        self._files = [_File(file=n, path=path, identity=claims[path].identity) for n, path in enumerate(claims)]
        temporary = path.with_name(f"{path.name}.tmp")
        with temporary.open("wb") as file:
            file.write(_line(_Boot(boot=boot_id())))
            for entry, claim in zip(self._files, claims.values(), strict=True):
                file.write(_line(entry))
                file.writelines(_part_line(entry.file, part) for part in claim.parts if claim.believed)
            file.flush()
            os.fsync(file.fileno())
        self._fd = os.open(temporary, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._open = True
        self._dirty = False
        self._lock = threading.Lock()  # so that nobody writes to a number that is another file by now
        temporary.replace(path)

    def finished(self, file: int, part: int) -> None:
        """Claim a part; its bytes have been written."""
        self._append(_part_line(file, part))

    def begin_again(self, file: int) -> None:
        """Claim nothing of a file any more."""
        self._append(_line(self._files[file]))

    def sync(self) -> None:
        """Bring what is claimed to the disk, for a start after a power cut."""
        if self._dirty:
            self._dirty = False
            os.fdatasync(self._fd)

    def close(self) -> None:
        """End it: what is claimed later isn't written."""
        with self._lock:
            if self._open:
                self._open = False
                os.close(self._fd)

    def _append(self, line: bytes) -> None:
        with self._lock:
            if self._open:
                os.write(self._fd, line)
                self._dirty = True


def _line(line: BaseModel) -> bytes:
    return line.model_dump_json().encode() + b"\n"


def _part_line(file: int, part: int) -> bytes:
    return b"[%d,%d]\n" % (file, part)


def read_claims(path: Path) -> dict[str, Claim]:
    """What the journal at `path` says, by the files' paths; nothing if there is none."""
    claims: dict[str, Claim] = {}
    numbered: dict[int, Claim] = {}
    believed = False
    with contextlib.suppress(FileNotFoundError):
        for text in path.read_bytes().splitlines():
            with contextlib.suppress(ValidationError, KeyError):
                line = _LINE.validate_json(text)
                if isinstance(line, _Boot):
                    believed = bool(line.boot) and line.boot == boot_id()
                elif isinstance(line, _File):
                    numbered[line.file] = claims[line.path] = Claim(line.identity, believed)
                else:
                    numbered[line[0]].parts.add(line[1])
    return claims


def boot_id() -> str:
    """Another text after each start of the kernel; empty where the system doesn't tell."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
