"""Frames in memory that two processes share: a ring of equal slots without a name, so that none can be left behind."""

import mmap
import os
import sys
import tempfile

import numpy as np
from numpy.typing import NDArray


class RingMemoryError(MemoryError):
    """The memory for a ring isn't there; the text says how much was asked for."""


class SharedRing:
    """`slots` slots of `slot_bytes` each.

    The memory is anonymous (`memfd_create`, elsewhere an unlinked file): the one who creates it hands its descriptor
    over the control channel, and it is gone with the last process that maps it, however that process ends. On Linux
    it isn't part of `/dev/shm`, so a container's 64 MB there are no limit.
    """

    def __init__(self, fd: int, slots: int, slot_bytes: int) -> None:
        self.fd = fd
        self.slots = slots
        self.slot_bytes = slot_bytes
        self._map = mmap.mmap(fd, slots * slot_bytes)

    @classmethod
    def create(cls, slots: int, slot_bytes: int) -> "SharedRing":
        """Reserve the memory.

        Raises:
            RingMemoryError: there isn't enough of it.
        """
        fd = _anonymous_file()
        size = slots * slot_bytes
        try:
            _reserve(fd, size)
            return cls(fd, slots, slot_bytes)
        except OSError as error:
            os.close(fd)
            raise RingMemoryError(
                f"no memory for {slots} frames of {slot_bytes:,} bytes ({size / 2**20:.0f} MiB): {error.strerror}. "
                "Free some, raise the container's memory limit, or emit smaller frames or blocks."
            ) from error

    def slot(self, index: int) -> NDArray[np.uint8]:
        """The bytes of a slot: uint8, shape `(slot_bytes,)`, writable, not copied."""
        return np.frombuffer(self._map, np.uint8, self.slot_bytes, index * self.slot_bytes)

    def close(self) -> None:
        """Give up this process's share. Views of slots stay valid until they are dropped."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("reactor-frames", os.MFD_CLOEXEC)
    fd, path = tempfile.mkstemp(prefix="reactor-frames-")
    os.unlink(path)  # noqa: PTH108 - pathlib would need the object only for this
    return fd


def _reserve(fd: int, size: int) -> None:
    os.ftruncate(fd, size)
    if sys.platform != "darwin":
        os.posix_fallocate(fd, 0, size)  # without it a lack of memory is a SIGBUS at the first write
