"""Sizes, times and downloads in words, and when a line about a download is due."""

from typing import Any

from reactor_protocol.runtime import Download

MILESTONE = 0.05
"""A line is due each time that so much more of the whole has come,"""
MILESTONE_S = 10.0
"""and after so long in any case."""

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


class Milestones:
    """Decides which news of a download are worth a line of a log."""

    def __init__(self) -> None:
        self._step = -1
        self._told_s = 0.0

    def reached(self, fraction: float | None, now_s: float) -> bool:
        """Whether to tell that `fraction` of the whole (0..1) has come; None: nobody knows yet.

        Args:
            fraction: of the whole.
            now_s: `time.monotonic()`.
        """
        step = int((fraction or 0.0) / MILESTONE + 1e-9)
        if step <= self._step and now_s - self._told_s < MILESTONE_S:
            return False
        self._step, self._told_s = max(step, self._step), now_s
        return True


def download_words(download: Download) -> str:
    """Say a download in one line: `Folder, 43 %: 1.2 of 2.8 GB, 85 MB/s, 18 s left`."""
    part = f" ({download.folders_done + 1} of {download.folders})" if download.folders > 1 else ""
    speed = f", {size_words(download.speed_bytes_s)}/s" if download.speed_bytes_s >= 1 else ""
    left = f", {time_words(download.eta_s)} left" if download.eta_s is not None else ""
    waiting = f"; process {download.waiting_for_pid} fetches it" if download.waiting_for_pid is not None else ""
    sizes = f"{size_words(download.done_bytes)} of {size_words(download.total_bytes)}"
    return f"{download.folder}{part}, {fraction_of(download):.0%}: {sizes}{speed}{left}{waiting}"


def download_fields(download: Download) -> dict[str, Any]:
    """Return the same as values, for records."""
    return {
        "folder": download.folder,
        "percent": int(100 * fraction_of(download)),
        "done_bytes": download.done_bytes,
        "total_bytes": download.total_bytes,
        "bytes_per_s": round(download.speed_bytes_s),
        "left_s": None if download.eta_s is None else round(download.eta_s),
    }


def fraction_of(download: Download) -> float:
    """How much has come, 0..1."""
    return min(1.0, download.done_bytes / download.total_bytes) if download.total_bytes else 0.0


def size_words(size_bytes: float) -> str:
    """`1.2 GB`; the units are powers of 1000."""
    size, unit = float(size_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    digits = 1 if unit and size < 9.95 else 0
    return f"{size:.{digits}f} {_UNITS[unit]}"


def time_words(seconds: float) -> str:
    """`18 s`, `3 min`, `2 h 5 min`, `3 days`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{minutes // 60} h {minutes % 60} min" if hours < 48 else f"{round(hours / 24)} days"
