"""Waiting for somebody else's download, with its progress."""

import contextlib
import os
import threading
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from reactor_runtime.weights.errors import StoppedError
from reactor_runtime.weights.layout import Layout
from reactor_runtime.weights.lock import FolderLock
from reactor_runtime.weights.progress import FetchProgress, ProgressListener

_POLL_S = 0.1
_PROGRESS = TypeAdapter(FetchProgress)


def wait_for_turn(layout: Layout, lock: FolderLock, stop: threading.Event, listener: ProgressListener) -> None:
    """Return with the lock held: the one who had it has finished, given up or died.

    Waits as long as that takes: whoever holds the lock has deadlines of its own.

    Raises:
        StoppedError: `stop` was set.
        OSError: the cache can't be written to.
    """
    while not lock.acquire():
        listener(replace(_published(layout), waiting_for_pid=lock.holder()))
        if stop.wait(_POLL_S):
            raise StoppedError(f"stopped while another process downloads {layout.name!r}.")


def publish(layout: Layout, progress: FetchProgress) -> None:
    """Let those who wait see it. Progress that can't be shown doesn't end a download."""
    temporary = layout.progress.with_name(f"{layout.progress.name}.{os.getpid()}.tmp")
    with contextlib.suppress(OSError):
        temporary.write_bytes(_PROGRESS.dump_json(progress))
        temporary.replace(layout.progress)


def _published(layout: Layout) -> FetchProgress:
    with contextlib.suppress(OSError, ValidationError):
        progress = _PROGRESS.validate_json(layout.progress.read_bytes())
        if progress.folder == layout.name:
            return progress
    return FetchProgress(layout.name, files_done=0, files=0, done_bytes=0, total_bytes=0)
