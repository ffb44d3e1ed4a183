"""What every display can do."""

from typing import Protocol

from reactor_cli.log_line import LogLine
from reactor_cli.status import Notice, StackStatus


class Display(Protocol):
    """Shows a stack. A reader that has gone away (closed terminal, `| head`) is no error."""

    def log(self, line: LogLine) -> None:
        """Show what a process said."""

    def notice(self, notice: Notice) -> None:
        """Show what `reactor run` has to say."""

    def status(self, status: StackStatus) -> None:
        """Show what is going on now; for displays that can overwrite it."""

    def close(self) -> None:
        """Leave the terminal as it was."""
