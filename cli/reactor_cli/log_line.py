"""One line of a child's output: a JSON record of ours or LiveKit's, or plain text."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["debug", "info", "warning", "error"]
_LEVELS: dict[str, Level] = {
    "debug": "debug",
    "trace": "debug",
    "info": "info",
    "notice": "info",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "error",
    "fatal": "error",
    "panic": "error",
}
_TIMES = ("timestamp", "ts", "time")
_DROPPED = {*_TIMES, "level", "event", "msg", "caller", "logger", "exception"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """What a process said.

    Args:
        process: Its name.
        fields: Further values of a structured record, in its order.
        details: A traceback, several lines.
        model: It is the model's own output: always shown.
    """

    process: str
    level: Level
    text: str
    fields: dict[str, Any] = field(default_factory=dict)
    details: str = ""
    model: bool = False

    def shown(self, *, verbose: bool) -> bool:
        """Warnings, errors and the model's own words always; the rest when asked for."""
        return verbose or self.model or self.level in ("warning", "error")


def parse_log_line(process: str, line: str) -> LogLine:
    """Read a line; what isn't a JSON record is text, a warning unless it is empty.

    Our own processes log JSON only. Anything else is an interpreter's or a native library's last words.
    """
    record = _record(line)
    if record is None:
        return LogLine(process, "warning" if line.strip() else "debug", line)
    return LogLine(
        process=process,
        level=_LEVELS.get(str(record.get("level", "info")).lower(), "info"),
        text=str(record.get("event", record.get("msg", ""))),
        fields={key: value for key, value in record.items() if key not in _DROPPED},
        details=str(record.get("exception", "")),
        model=record.get("logger") == "model",
    )


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and ("event" in record or "msg" in record) else None
