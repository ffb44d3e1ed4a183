"""requirements.txt as pip reads it, line by line."""

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement

from reactor_runtime.findings import Finding
from reactor_runtime.requirements.command import without_secrets

FILE_NAME = "requirements.txt"

_COMMENT = re.compile(r"(^|\s+)#.*$")
_OWN_OPTIONS = re.compile(r"\s--?[a-z]")  # `--hash=…` behind a requirement
_OPERATOR = re.compile(r"(?<![<>=~!])(=>|=<|=(?!=))")  # what people write for >=, <= and ==
_MOST_FILES = 50  # reached by -r; more is a mistake


@dataclass(frozen=True, slots=True)
class Line:
    """A line that asks for something to be installed, here.

    `requirement` is None where it has no name to look for: a path, a URL, `-e`.
    """

    file: Path
    number: int
    """From 1."""
    arguments: tuple[str, ...]
    """What the installer is given for it."""
    requirement: Requirement | None = None
    has_options: bool = False
    """Options of its own (`--hash`), which an installer takes from a file only."""

    @property
    def text(self) -> str:
        """As it was written, without its comment."""
        return " ".join(self.arguments)

    @property
    def wanted(self) -> str:
        """As it was written, without its marker."""
        separator = " ;" if self.requirement and self.requirement.url else ";"
        return self.text.partition(separator)[0].strip()


@dataclass(slots=True)
class Requirements:
    """What a file and those it includes ask for."""

    lines: list[Line] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    """Where installers look, in their own words: `--extra-index-url`, …"""
    findings: list[Finding] = field(default_factory=list)
    """What can't be read, as warnings."""


def read_requirements(file: Path) -> Requirements:
    """Read `file` and what it includes; one that isn't there asks for nothing, one that can't be read is a finding."""
    found = Requirements()
    if not file.exists():
        return found
    try:
        _Reader(found).read(file)
    except (OSError, UnicodeDecodeError) as error:
        found.findings.append(Finding("warning", f"it can't be read: {error}.", file=file))
    return found


def holds(marker: Marker, extra: str = "") -> bool:
    """Whether a marker is true here.

    Raises:
        ValueError: it compares what can't be compared.
    """
    try:
        return marker.evaluate({"extra": extra})
    except (ValueError, KeyError) as error:
        raise ValueError(f"its marker can't be followed ({error})") from None


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Options(add_help=False, allow_abbrev=False)
    parser.add_argument("-r", "--requirement", dest="include", type=str)
    parser.add_argument("-c", "--constraint", type=str)
    parser.add_argument("-e", "--editable", type=str)
    parser.add_argument("-f", "--find-links", type=str)
    parser.add_argument("-i", "--index-url", type=str)
    parser.add_argument("--extra-index-url", type=str)
    parser.add_argument("--trusted-host", type=str)
    parser.add_argument("--no-index", action="store_true")
    parser.add_argument("--pre", action="store_true")
    return parser


class _Reader:
    def __init__(self, found: Requirements) -> None:
        self._found = found
        self._parser = _parser()
        self._seen: set[Path] = set()

    def read(self, file: Path) -> None:
        """Read a file once, however often it is included."""
        file = file.resolve()
        if file in self._seen or len(self._seen) >= _MOST_FILES:
            return
        self._seen.add(file)
        for number, text in _logical_lines(file.read_text("utf-8-sig")):
            try:
                self._line(file, number, text)
            except (OSError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                self._warn(file, number, f"{_shown(text)} can't be read: {why}.")

    def _line(self, file: Path, number: int, text: str) -> None:
        if text.startswith("-"):
            self._option(file, number, text)
            return
        own = _OWN_OPTIONS.search(text)
        text = text[: own.start()].strip() if own else text
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            if not _is_place(text):
                self._warn(file, number, f"{_shown(text)} is no requirement: {_first_line(error)}.{_hint(text)}")
                return
            self._found.lines.append(Line(file, number, (_absolute(file, text),)))
            return
        if requirement.marker is None or holds(requirement.marker):
            self._found.lines.append(Line(file, number, (text,), requirement, own is not None))

    def _option(self, file: Path, number: int, text: str) -> None:
        given, unknown = self._parser.parse_known_args(shlex.split(text))
        for name, value in vars(given).items():
            if value:
                self._take(file, number, name, value)
        if unknown:
            self._warn(file, number, f"the option {unknown[0].partition('=')[0]} isn't taken into account.")

    def _take(self, file: Path, number: int, name: str, value: Any) -> None:
        flag = "--" + name.replace("_", "-")
        match name:
            case "include":
                self.read(file.parent / value)
            case "editable":
                self._found.lines.append(Line(file, number, ("-e", _absolute(file, value))))
            case "constraint" | "find_links":
                self._found.options += [flag, _absolute(file, value)]
            case "no_index" | "pre":
                self._found.options.append(flag)
            case _:
                self._found.options += [flag, value]

    def _warn(self, file: Path, number: int, message: str) -> None:
        self._found.findings.append(Finding("warning", message, file=file, line=number))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(Number of its first line, text) of each line that isn't empty; `\\` at the end joins it with the next one."""
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        first = first if joined else number
        plain = _COMMENT.sub("", line)
        if plain.endswith("\\") and plain == line:
            joined += plain[:-1] + " "
            continue
        whole = (joined + plain).strip()
        joined = ""
        if whole:
            yield first, whole
    if joined.strip():
        yield first, joined.strip()


def _is_place(text: str) -> bool:
    """Whether it names a place instead of a package."""
    return " " not in text and ("/" in text or text.startswith(".") or text.endswith((".whl", ".zip", ".tar.gz")))


def _absolute(file: Path, text: str) -> str:
    """A relative path, as installers take it wherever they run."""
    if "://" in text or not (_is_place(text) or (file.parent / text).exists()):
        return text
    path, bracket, extras = text.partition("[")
    return str((file.parent / path).resolve()) + bracket + extras


def _shown(text: str) -> str:
    plain = without_secrets(text)
    return f'"{plain[:77]}…"' if len(plain) > 78 else f'"{plain}"'


def _hint(text: str) -> str:
    """What was probably meant, where the operator is turned round."""
    turned = _OPERATOR.sub(lambda match: {"=>": ">=", "=<": "<="}.get(match[0], "=="), text)
    try:
        return f' Did you mean "{Requirement(turned)}"?' if turned != text else ""
    except InvalidRequirement:
        return ""


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()[0]
    return text[0].lower() + text[1:]
