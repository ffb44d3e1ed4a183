"""What the children say: all of it to files, what matters to the display."""

from collections.abc import Collection

from reactor_cli.display.base import Display
from reactor_cli.log_file import LogFile, stack_log_folder
from reactor_cli.log_line import parse_log_line


class Output:
    """Takes the children's lines.

    Args:
        coordinator_port: Names the folder, so that stacks side by side don't share files.
        told_elsewhere: Records that say what the display is told by others; shown while verbose.
        verbose: Show everything.
    """

    def __init__(
        self, display: Display, coordinator_port: int, *, told_elsewhere: Collection[str] = (), verbose: bool
    ) -> None:
        self._display = display
        self._told_elsewhere = told_elsewhere
        self._verbose = verbose
        self.folder = stack_log_folder(coordinator_port)
        """None: nothing can be written."""
        self._files: dict[str, LogFile] = {}

    def line(self, process: str, text: str) -> None:
        """Take one line."""
        if self.folder is not None:
            if process not in self._files:
                self._files[process] = LogFile(self.folder / f"{process}.log")
            self._files[process].write(text)
        parsed = parse_log_line(process, text)
        if parsed.shown(verbose=self._verbose) and (self._verbose or parsed.text not in self._told_elsewhere):
            self._display.log(parsed)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
