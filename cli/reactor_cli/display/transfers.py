"""A transfer of one command: bars in a terminal, else a line now and then; on standard error."""

import sys
import threading
import time
from typing import Protocol, TextIO

from reactor_protocol.runtime import Download
from reactor_runtime.weights.words import Milestones, download_words, fraction_of


class TransferDisplay(Protocol):
    """Shows how far a transfer is; told on any thread."""

    def show(self, download: Download) -> None:
        """It is this far."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class TransferBars:
    """Bars that go when the transfer ends."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console  # noqa: PLC0415 - 70 ms that a pipe doesn't need
        from rich.live import Live  # noqa: PLC0415

        self._live = Live(console=Console(file=stream), transient=True, auto_refresh=False)

    def show(self, download: Download) -> None:
        """Draw them anew."""
        from reactor_cli.display.downloads import download_table  # noqa: PLC0415

        if not self._live.is_started:
            self._live.start()
        self._live.update(download_table(download), refresh=True)

    def close(self) -> None:
        """Remove them."""
        self._live.stop()


class TransferLines:
    """A line each 5 % or 10 s.

    Args:
        doing: the line's first words: `Fetching weights`.
    """

    def __init__(self, stream: TextIO, doing: str) -> None:
        self._stream = stream
        self._doing = doing
        self._lock = threading.Lock()
        self._milestones = Milestones()

    def show(self, download: Download) -> None:
        """Write a line if one is due."""
        with self._lock:
            if self._milestones.reached(fraction_of(download), time.monotonic()):
                self._stream.write(f"{self._doing}: {download_words(download)}\n")
                self._stream.flush()

    def close(self) -> None:
        """Do nothing."""


def choose_transfer_display(doing: str) -> TransferDisplay:
    """Return the one for standard error."""
    return TransferBars(sys.stderr) if sys.stderr.isatty() else TransferLines(sys.stderr, doing)
