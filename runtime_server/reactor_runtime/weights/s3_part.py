"""Bytes of a file as the body of a request, and the sending that they belong to."""

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reactor_runtime.weights.errors import RegistryError

_CHUNK_BYTES = 1024 * 1024


class HaltedError(Exception):
    """The sending has failed, and `Sending.error` says why."""


class Sending:
    """One `put` of a file: counts what is sent and ends all its requests with the first error; for many threads.

    Parameters:
        on_bytes: as for `ObjectStore.put`.
    """

    def __init__(self, on_bytes: Callable[[int], None]) -> None:
        self._on_bytes = on_bytes
        self._lock = threading.Lock()
        self.error: BaseException | None = None
        self.refusal: BaseException | None = None
        """What the listener raised."""

    def fail(self, error: BaseException) -> None:
        """End it; the first error counts."""
        with self._lock:
            self.error = self.error or error

    def check(self) -> None:
        """Raise HaltedError if it has failed."""
        if self.error is not None:
            raise HaltedError

    def tell(self, count: int) -> None:
        """So many more bytes have been sent. What the listener raises ends the sending."""
        self.check()
        try:
            self._on_bytes(count)
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits for the sending
            self.refusal = self.refusal or error
            self.fail(error)
            raise HaltedError from None


@dataclass(slots=True)
class FilePart:
    """`size_bytes` of an open file from `start` on, as botocore wants a body; for one thread.

    botocore may read it more than once: to sign it, to send it, to send it again. `begin` is called before it is sent,
    and what is read after that counts.
    """

    file: BinaryIO
    path: Path
    start: int
    size_bytes: int
    sending: Sending
    _position: int = 0
    _told: int = 0
    _counts: bool = False

    def begin(self) -> None:
        """It is sent from its beginning, perhaps once more."""
        told, self._told, self._counts = self._told, 0, True
        self.sending.tell(-told)

    def __len__(self) -> int:
        return self.size_bytes

    def tell(self) -> int:
        """As a file has it."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As a file has it."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size_bytes}[whence]
        self._position = origin + offset
        return self._position

    def read(self, size_bytes: int | None = -1) -> bytes:
        """As a file has it. Raises HaltedError when the sending has failed."""
        left = max(0, self.size_bytes - self._position)
        wanted = left if size_bytes is None or size_bytes < 0 else min(left, size_bytes)
        data = os.pread(self.file.fileno(), wanted, self.start + self._position)
        if wanted and not data:
            error = RegistryError(f"{self.path} became shorter while it was sent. Run it again.")
            self.sending.fail(error)
            raise error
        self._position += len(data)
        self.sending.check()
        if self._counts and data:
            self._told += len(data)
            self.sending.tell(len(data))
        return data

    def md5(self) -> str:
        """In hexadecimal."""
        digest = hashlib.md5(usedforsecurity=False)
        self.seek(0)
        while data := self.read(_CHUNK_BYTES):
            digest.update(data)
        self.seek(0)
        return digest.hexdigest()
