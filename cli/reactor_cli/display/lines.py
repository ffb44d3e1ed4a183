"""One event a line, as text or as JSON, for files, pipes and services."""

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from reactor_cli.log_line import LogLine
from reactor_cli.status import Notice, StackStatus

if TYPE_CHECKING:
    from reactor_protocol.runtime import Download
    from reactor_runtime.weights.words import Milestones

_OWN = "reactor"


class DownloadLines:
    """Makes notices of looks at a download: of the first one, then each 5 % or 10 s."""

    def __init__(self) -> None:
        self._milestones: Milestones | None = None

    def news(self, download: "Download | None") -> Notice | None:
        """What to tell now, if anything; None: nothing is being fetched."""
        if download is None:
            self._milestones = None
            return None
        from reactor_runtime.weights import words  # noqa: PLC0415 - most starts fetch nothing

        self._milestones = self._milestones or words.Milestones()
        if not self._milestones.reached(words.fraction_of(download), time.monotonic()):
            return None
        text = f"Fetching weights: {words.download_words(download)}"
        return Notice("fetching_weights", text, fields=words.download_fields(download))


class PlainDisplay:
    """`12:00:01 runtime      warning text key=value`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._downloads = DownloadLines()

    def log(self, line: LogLine) -> None:
        """Print the line, and what belongs to it (a traceback) below."""
        self._print("model" if line.model else line.process, line)

    def notice(self, notice: Notice) -> None:
        """Print the first line with its time, further ones below it."""
        first, _, rest = notice.text.partition("\n")
        self._print(_OWN, LogLine(_OWN, notice.level, first, details=rest))

    def status(self, status: StackStatus) -> None:
        """Print how far a download is, now and then; notices say what else changes."""
        if notice := self._downloads.news(status.download):
            self.notice(notice)

    def close(self) -> None:
        """Do nothing."""

    def _print(self, process: str, line: LogLine) -> None:
        write(self._stream, f"{_now():%H:%M:%S} {process:<11} {plain_text(line)}\n")


class JsonDisplay:
    """One JSON object a line: `timestamp`, `level`, `process`, `event` and what belongs to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._downloads = DownloadLines()

    def log(self, line: LogLine) -> None:
        """Print the record, its process added."""
        more = {"exception": line.details} if line.details else {}
        process = "model" if line.model else line.process
        self._print(line.level, process, line.text, {**line.fields, **more})

    def notice(self, notice: Notice) -> None:
        """Print the notice; `event` is its kind."""
        self._print(notice.level, _OWN, notice.kind, {"message": notice.text, **notice.fields})

    def status(self, status: StackStatus) -> None:
        """Print how far a download is, now and then; notices say what else changes."""
        if notice := self._downloads.news(status.download):
            self.notice(notice)

    def close(self) -> None:
        """Do nothing."""

    def _print(self, level: str, process: str, event: str, fields: dict[str, object]) -> None:
        record = {"timestamp": _now().isoformat(), "level": level, "process": process, "event": event, **fields}
        write(self._stream, json.dumps(record, ensure_ascii=False, default=str) + "\n")


def write(stream: TextIO, text: str) -> None:
    """Write and flush; nobody has to be reading."""
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        return
    except UnicodeEncodeError:
        write(stream, text.encode("ascii", "replace").decode())


def plain_text(line: LogLine) -> str:
    """Return `warning: text key=value`, details indented below."""
    word = "" if line.level in ("info", "debug") or line.model else f"{line.level}: "
    more = "".join(f"\n    {detail}" for detail in line.details.splitlines())
    return f"{word}{line.text}{fields_text(line)}{more}"


def fields_text(line: LogLine) -> str:
    """Return ` key=value …`; the model's own words stand alone."""
    shown = {} if line.model else line.fields
    return "".join(f" {key}={_short(value)}" for key, value in shown.items())


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return json.dumps(text, ensure_ascii=False) if " " in text else text


def _now() -> datetime:
    return datetime.now().astimezone()
