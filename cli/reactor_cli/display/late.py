"""A display that is made when the first thing is shown: after the processes have been started."""

from collections.abc import Callable

from reactor_cli.display.base import Display
from reactor_cli.log_line import LogLine
from reactor_cli.status import Notice, StackStatus


class LateDisplay:
    """Stands for what `make` returns; importing a terminal library takes 70 ms that the children needn't wait for."""

    def __init__(self, make: Callable[[], Display]) -> None:
        self._make = make
        self._made: Display | None = None

    @property
    def _display(self) -> Display:
        if self._made is None:
            self._made = self._make()
        return self._made

    def log(self, line: LogLine) -> None:
        """Pass on."""
        self._display.log(line)

    def notice(self, notice: Notice) -> None:
        """Pass on."""
        self._display.notice(notice)

    def status(self, status: StackStatus) -> None:
        """Pass on."""
        self._display.status(status)

    def close(self) -> None:
        """Pass on, if there is anything to close."""
        if self._made is not None:
            self._made.close()
