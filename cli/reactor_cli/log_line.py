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
_DETAILS = ("exception", "traceback", "stacks")
_DROPPED = {*_TIMES, *_DETAILS, "level", "event", "msg", "caller", "logger"}
_NEWS = {
    "session_assigned": "a session begins",
    "the session has ended": "the session has ended",
    "the model's folder has changed": "the model's folder has changed: loading it again",
}
"""Informative records that everybody wants to see, in words."""
_TOLD_ELSEWHERE = {
    "the model didn't load",
    "the model isn't loaded; it is tried again when its folder changes",
}
"""The display tells these itself, with file and line."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """What a process said.

    Args:
        process: Its name.
        fields: Further values of a structured record, in its order.
        details: A traceback, several lines.
        model: It is the model's own output.
        importance: `always` shown, `never` unless everything is, or as its level says.
    """

    process: str
    level: Level
    text: str
    fields: dict[str, Any] = field(default_factory=dict)
    details: str = ""
    model: bool = False
    importance: Literal["always", "never", "level"] = "level"

    def shown(self, *, verbose: bool) -> bool:
        """Warnings, errors, news and the model's own words always; the rest when asked for."""
        if self.importance == "level":
            return verbose or self.model or self.level in ("warning", "error")
        return verbose or self.importance == "always"


def parse_log_line(process: str, line: str) -> LogLine:
    """Read a line; what isn't a JSON record is text, a warning unless it is empty.

    Our own processes log JSON only. Anything else is an interpreter's or a native library's last words.
    """
    record = _record(line)
    if record is None:
        return LogLine(process, "warning" if line.strip() else "debug", line)
    event = str(record.get("event", record.get("msg", "")))
    model = record.get("logger") == "model"
    return LogLine(
        process=process,
        level=_LEVELS.get(str(record.get("level", "info")).lower(), "info"),
        text=event if model else _NEWS.get(event, event),
        fields={key: value for key, value in record.items() if key not in _DROPPED},
        details="\n".join(str(record[key]).rstrip() for key in _DETAILS if record.get(key)),
        model=model,
        importance="always" if event in _NEWS else "never" if event in _TOLD_ELSEWHERE and not model else "level",
    )


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and ("event" in record or "msg" in record) else None
