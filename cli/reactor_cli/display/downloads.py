"""A download on a terminal: one bar for all of it, one for each file that is under way."""

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from reactor_protocol.runtime import Download
from reactor_runtime.weights.words import size_words, time_words

# All together 76 columns: terminals have 80.
_NAME_WIDTH = 28
_BAR_WIDTH = 20
_SIZE_WIDTH = 18
_FILES = 6
"""The most that are shown; a terminal has few lines, and a connection for each of ten files."""


def download_table(download: Download) -> RenderableType:
    """Draw it: what is fetched, how fast, and the bars."""
    table = Table.grid(
        Column(width=_NAME_WIDTH, no_wrap=True),
        Column(width=_BAR_WIDTH),
        Column(width=4, justify="right"),
        Column(width=_SIZE_WIDTH, justify="right", no_wrap=True),
        padding=(0, 1),
    )
    _row(table, Text("all of it"), download.done_bytes, download.total_bytes)
    for file in download.current[:_FILES]:
        _row(table, Text(_end(file.path), style="dim"), file.done_bytes, file.size_bytes)
    more = len(download.current) - _FILES
    if more > 0:
        table.add_row(Text(f"… and {more} more", style="dim"))
    return Group(Text(_title(download)), table)


def _title(download: Download) -> str:
    part = f" ({download.folders_done + 1} of {download.folders} folders)" if download.folders > 1 else ""
    said = [f"{download.folder}{part}"]
    if download.files:
        said.append(f"{download.files_done} of {download.files} files")
    if download.waiting_for_pid is not None:
        said.append(f"process {download.waiting_for_pid} fetches it")
    if download.speed_bytes_s >= 1:
        said.append(f"{size_words(download.speed_bytes_s)}/s")
    if download.eta_s is not None:
        said.append(f"{time_words(download.eta_s)} left")
    return ", ".join(said)


def _end(path: str) -> str:
    """The end of a path says more than its beginning."""
    return path if len(path) <= _NAME_WIDTH else f"…{path[1 - _NAME_WIDTH :]}"


def _row(table: Table, name: Text, done_bytes: int, total_bytes: int) -> None:
    fraction = min(done_bytes / total_bytes, 1.0) if total_bytes else 0.0
    bar = ProgressBar(total=max(total_bytes, 1), completed=done_bytes, width=_BAR_WIDTH)
    table.add_row(name, bar, f"{fraction:.0%}", f"{size_words(done_bytes)} of {size_words(total_bytes)}")
