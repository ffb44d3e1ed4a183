"""A terminal: lines scroll, and what is last says what is going on."""

import contextlib

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from reactor_cli.display.lines import fields_text
from reactor_cli.log_line import LogLine
from reactor_cli.status import Notice, StackStatus

_STYLES = {"debug": "dim", "info": "", "warning": "yellow", "error": "bold red"}
_BUSY = ("starting", "loading", "stopping", "starting_session")
_SPINNING_HZ = 8.0


class TerminalDisplay:
    """A spinner while something is under way; a still line, that costs nothing, while not."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: StackStatus | None = None
        self._live: Live | None = None

    def log(self, line: LogLine) -> None:
        """Print the line above the status."""
        name = "model" if line.model else line.process
        text = Text(f"{name:<11} ", style="magenta" if line.model else "cyan")
        text.append(line.text, style=_STYLES[line.level])
        text.append(fields_text(line), style="dim")
        if line.details:
            text.append("\n" + line.details, style="dim")
        self._print(text)

    def notice(self, notice: Notice) -> None:
        """Print the notice above the status."""
        style = "bold green" if notice.kind == "ready" else _STYLES[notice.level]
        self._print(Text(notice.text, style=style))

    def status(self, status: StackStatus) -> None:
        """Replace the last line."""
        if status == self._shown:
            return
        was_busy = self._shown is not None and self._shown.phase in _BUSY
        self._shown = status
        busy = status.phase in _BUSY
        if self._live is None or busy != was_busy:
            self._restart(_picture(status, busy=busy), busy=busy)
        else:
            with contextlib.suppress(OSError, ValueError):
                self._live.update(_picture(status, busy=busy), refresh=True)

    def close(self) -> None:
        """Remove the status line."""
        if self._live is not None:
            with contextlib.suppress(OSError, ValueError):
                self._live.stop()
            self._live = None

    def _restart(self, picture: RenderableType, *, busy: bool) -> None:
        self.close()
        self._live = Live(
            picture,
            console=self._console,
            transient=True,
            auto_refresh=busy,
            refresh_per_second=_SPINNING_HZ,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with contextlib.suppress(OSError, ValueError):
            self._live.start(refresh=True)

    def _print(self, text: Text) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._console.print(text, soft_wrap=True, highlight=False)


def _picture(status: StackStatus, *, busy: bool) -> RenderableType:
    line = _line(status.summary, busy=busy)
    if status.download is None:
        return line
    from reactor_cli.display.downloads import download_table  # noqa: PLC0415 - most starts fetch nothing

    return Group(download_table(status.download), line)


def _line(text: str, *, busy: bool) -> Spinner | Text:
    return Spinner("dots", text=f"{text} …") if busy else Text(f"● {text}  (Ctrl-C ends it)", style="dim")
