"""How one knows that a file's bytes are right, while they arrive."""

import hashlib
import re
import threading
from typing import Protocol

from reactor_runtime.weights.download.plan import PlannedFile
from reactor_runtime.weights.download.tree import Tree
from reactor_runtime.weights.index import IndexedFile

_MD5 = re.compile(r"[0-9a-f]{32}")
_CHUNK_BYTES = 1024 * 1024


class FileCheck(Protocol):
    """One file. `arrived` is called on many threads, once for each part; the rest once all have arrived."""

    def arrived(self, part: int, data: memoryview) -> bool:
        """Take note of a part that is in the tree; True for the call after which the whole file is known."""

    @property
    def sha256(self) -> str:
        """Of the whole file, in hexadecimal."""

    def is_right(self) -> bool:
        """Whether nothing speaks against the file."""


def check_of(file: PlannedFile, tree: Tree, arrived: int) -> FileCheck:
    """The check that this file can have. `arrived`: how many of its parts needn't be told any more."""
    return _ByParts(file.indexed, file.parts - arrived) if file.indexed else _InOrder(file, tree)


class _ByParts:
    """With an index each part has been checked before it came here: count them."""

    def __init__(self, indexed: IndexedFile, missing: int) -> None:
        self._indexed = indexed
        self._missing = missing
        self._lock = threading.Lock()

    def arrived(self, part: int, data: memoryview) -> bool:  # noqa: ARG002 - as the protocol has it
        with self._lock:
            self._missing -= 1
            return self._missing == 0

    @property
    def sha256(self) -> str:
        return self._indexed.parts[0] if len(self._indexed.parts) == 1 else self._indexed.sha256

    def is_right(self) -> bool:
        return bool(self._indexed.parts) or self._indexed.sha256 == hashlib.sha256().hexdigest()


class _InOrder:
    """Without an index: hash the file from its beginning, as far as it is there, while the rest still arrives.

    Whoever brings the part that is next hashes on through those that came before their turn, from the disk. Where the
    ETag is an MD5 it has to be the right one.
    """

    def __init__(self, file: PlannedFile, tree: Tree) -> None:
        self._file = file
        self._tree = tree
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if _MD5.fullmatch(file.etag) else None
        self._early: set[int] = set()
        self._next = 0
        self._busy = False
        self._lock = threading.Lock()

    def arrived(self, part: int, data: memoryview) -> bool:
        with self._lock:
            if self._busy or part != self._next:
                self._early.add(part)
                return False
            self._busy = True
        self._update(data)
        while self._advance():
            self._read_back(self._next)
        return self._next == self._file.parts

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def is_right(self) -> bool:
        return self._md5 is None or self._md5.hexdigest() == self._file.etag

    def _advance(self) -> bool:
        """Go to the next part; False if it isn't there yet, so that whoever brings it goes on."""
        with self._lock:
            self._next += 1
            self._busy = self._next in self._early
            return self._busy

    def _read_back(self, part: int) -> None:
        start, end = self._file.span(part)
        buffer = memoryview(bytearray(_CHUNK_BYTES))
        for offset in range(start, end, _CHUNK_BYTES):
            data = buffer[: min(_CHUNK_BYTES, end - offset)]
            if not self._tree.read(self._file, offset, data):
                raise FileNotFoundError(f"{self._file.path} has become shorter")
            self._update(data)

    def _update(self, data: memoryview) -> None:
        self._sha256.update(data)
        if self._md5:
            self._md5.update(data)
