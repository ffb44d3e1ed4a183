"""Where in a JSON text each key stands, for error messages."""

import json
import re
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[^,\]}\s]+")
_decoder = json.JSONDecoder()


@dataclass(slots=True)
class JsonSource:
    """The lines (from 1) of a JSON text's values, by their path; of keys that occur twice, by path, their lines."""

    lines: dict[Path, int] = field(default_factory=dict)
    duplicates: list[tuple[Path, int, int]] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def locate(text: str) -> JsonSource:
    """Find the lines in `text`, which must be JSON that `json.loads` accepts."""
    source = JsonSource()
    _Walker(text, source).value(0, ())
    return source


class _Walker:
    def __init__(self, text: str, source: JsonSource) -> None:
        self._text = text
        self._source = source

    def value(self, at: int, path: Path) -> int:
        at = self._skip(at)
        self._source.lines.setdefault(path, self._line(at))
        first = self._text[at]
        if first == "{":
            return self._members(at, path, "}")
        if first == "[":
            return self._members(at, path, "]")
        if first == '"':
            return _decoder.raw_decode(self._text, at)[1]
        match = _SCALAR.match(self._text, at)
        return match.end() if match else at

    def _members(self, at: int, path: Path, closing: str) -> int:
        at = self._skip(at + 1)
        index = 0
        while self._text[at] != closing:
            part: str | int = index
            if closing == "}":
                part, at = self._key(at, path)
            at = self._skip(self.value(at, (*path, part)))
            if self._text[at] == ",":
                at = self._skip(at + 1)
            index += 1
        return at + 1

    def _key(self, at: int, path: Path) -> tuple[str, int]:
        line = self._line(at)
        key, end = _decoder.raw_decode(self._text, at)
        here = (*path, key)
        if here in self._source.lines:
            self._source.duplicates.append((here, self._source.lines[here], line))
        self._source.lines[here] = line
        return key, self._skip(end) + 1

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _line(self, at: int) -> int:
        return self._text.count("\n", 0, at) + 1
