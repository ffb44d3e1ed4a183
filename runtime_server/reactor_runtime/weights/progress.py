"""How far a download is, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileProgress:
    """One file that is being fetched right now; `path` is relative to its folder."""

    path: str
    size_bytes: int
    done_bytes: int


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """One weight folder on its way.

    Parameters:
        files_done: files that are here and checked.
        done_bytes: what is here, with what an earlier run left; may shrink when something has to come again.
        speed_bytes_s: over the last seconds; 0 while nothing is known.
        eta_s: seconds that are left at this speed; None while it can't be said.
        waiting_for_pid: another process fetches the folder, and this one waits for it; None: this one fetches.
        current: the files on their way, at most one for each connection.
    """

    folder: str
    files_done: int
    files: int
    done_bytes: int
    total_bytes: int
    speed_bytes_s: float = 0.0
    eta_s: float | None = None
    waiting_for_pid: int | None = None
    current: tuple[FileProgress, ...] = ()


ProgressListener = Callable[[FetchProgress], None]
"""Called on any thread, about ten times a second at most, and once at the end. What it raises ends the download."""
