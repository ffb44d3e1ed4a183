"""One process, and one thread in it, changes a weight folder at a time.

A kernel lock (`flock`): it goes with its owner, however that ends, and holds between containers that share a volume.
It saves bandwidth and nothing else. Where a file system has none, or only pretends to, two downloaders each write
what they have checked into a tree of their own, and one rename decides; see `download`.
"""

import contextlib
import errno
import fcntl
import os

from reactor_runtime.weights.layout import Layout

_UNSUPPORTED = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


class FolderLock:
    """The lock of one weight folder, free to begin with. For one thread."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.lock
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free; doesn't wait.

        Raises:
            OSError: the cache can't be written to.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                os.close(fd)
                raise
        self._fd = fd
        with contextlib.suppress(OSError):  # a full disk: then nobody is told who it is
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"%d" % os.getpid(), 0)
        return True

    def is_held(self) -> bool:
        """Whether somebody holds it now, this object's owner included."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(fd)
        return False

    def holder(self) -> int | None:
        """The process id that the last owner wrote, in its own container; None if there was none."""
        with contextlib.suppress(OSError, ValueError):
            return int(self._path.read_bytes())
        return None

    def release(self) -> None:
        """Give it back; nothing happens without it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
