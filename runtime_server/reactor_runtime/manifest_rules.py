"""What a manifest may say: each thing wrong with one becomes a finding, all of them at once."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reactor_protocol.manifest import Manifest
from reactor_runtime.errors import WeightsError
from reactor_runtime.findings import Finding, json_pointer
from reactor_runtime.json_source import JsonSource
from reactor_runtime.weights.names import check_folder_name

COMPATIBLE_VERSION = "0.0.4"
"""The published API that this package also offers, as far as requirements are concerned."""

KNOWN_KEYS = tuple(field.alias or name for name, field in Manifest.model_fields.items())

_JSON_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
_EXPECTED = {
    "string_type": "a string",
    "bool_type": "true or false",
    "float_type": "a number",
    "list_type": "an array",
    "dict_type": "an object",
    "string_too_short": "some text",
}
_EXPECTED_BY_KEY = {
    "class": '"module:Class", for instance "model_mine:MyModel"',
    "model_version": 'a semantic version, for instance "1.0.0"',
}
_CLASS = re.compile(r"([\w./]+?)(?:\.py)?[:.]([A-Za-z_]\w*)")
_VERSION = re.compile(r"\d+(?:\.\d+)*")
_SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_LONGEST_SHOWN = 60

KeyPath = tuple[str | int, ...]


class Rules:
    """The rules, held against one file.

    Parameters:
        file: for the findings.
        value: what it says.
        source: where it says it.
        version: ours.
    """

    def __init__(self, file: Path, value: dict[str, Any], source: JsonSource, version: str) -> None:
        self._file = file
        self._value = value
        self._source = source
        self._version = version

    def findings(self, invalid: ValidationError | None = None) -> list[Finding]:
        """All findings in the order of lines; `invalid` is what pydantic had to say."""
        unknown = list(self._unknown_keys())
        meant = {finding.suggestion for finding in unknown}
        details = invalid.errors() if invalid else []
        found = [
            *self._duplicates(),
            *unknown,
            # A key that is there under a wrong name isn't missing as well.
            *(self._invalid(one) for one in details if _is_news(one, meant)),
            *self._requirement(self._value.get("reactor-runtime")),
            *self._weights(self._value.get("weights")),
        ]
        return sorted(found, key=lambda finding: finding.line or 0)

    def _at(
        self,
        path: KeyPath,
        message: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        suggestion: str | None = None,
    ) -> Finding:
        line, pointer = self._source.line(path), json_pointer(path)
        return Finding("error", message, "", self._file, line, pointer, expected, found, suggestion)

    def _duplicates(self) -> Iterator[Finding]:
        for path, first, second in self._source.duplicates:
            text = f"key {_key(path)} is there already, in line {first}; remove one of them"
            yield Finding("error", text, file=self._file, line=second, pointer=json_pointer(path))

    def _unknown_keys(self) -> Iterator[Finding]:
        for key in self._value:
            if key in KNOWN_KEYS:
                continue
            near = _nearest(key)
            hint = f'did you mean "{near}"?' if near else f"known keys: {', '.join(KNOWN_KEYS)}"
            yield self._at((key,), f'unknown key "{key}"; {hint}', suggestion=near)

    def _invalid(self, detail: ErrorDetails) -> Finding:
        path, expected = detail["loc"], _expected(detail)
        if detail["type"] == "missing":
            text = f"key {_key(path)} is missing; expected {expected}"
            return self._at(path, text, expected=expected)
        found, meant = _found(detail["input"]), _meant(detail)
        hint = f"; did you mean {meant}?" if meant else ""
        text = f"key {_key(path)}: expected {expected}, found {found}{hint}"
        return self._at(path, text, expected=expected, found=found, suggestion=meant)

    def _requirement(self, text: object) -> Iterator[Finding]:
        if not isinstance(text, str):
            return  # pydantic has said so
        try:
            wanted = _specifiers(text)
        except InvalidSpecifier:
            expected = f'a version ("{COMPATIBLE_VERSION}": that one or newer) or specifiers (">=0.0.4,<1")'
            number = _VERSION.search(text)
            meant = json.dumps(f">={number[0]}" if number else self._version)
            message = f'key "reactor-runtime": expected {expected}, found {_found(text)}; did you mean {meant}?'
            yield self._at(("reactor-runtime",), message, expected=expected, found=_found(text), suggestion=meant)
            return
        if not any(wanted.contains(version, prereleases=True) for version in (self._version, COMPATIBLE_VERSION)):
            message = (
                f'key "reactor-runtime": the model wants "{text}"; this is {self._version}, which also offers what '
                f"{COMPATIBLE_VERSION} did. Update Reactor Local, or change the requirement if the model works with it."
            )
            expected = f"what {self._version} or {COMPATIBLE_VERSION} satisfies"
            yield self._at(("reactor-runtime",), message, expected=expected, found=_found(text))

    def _weights(self, names: object) -> Iterator[Finding]:
        known: dict[str, int] = {}
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if not isinstance(name, str):
                continue
            path = ("weights", index)
            try:
                check_folder_name(name)
            except WeightsError as error:
                yield self._at(path, f"key {_key(path)}: {error}", found=_found(name))
            first = known.setdefault(name, index)
            if first != index:
                message = f'key {_key(path)}: {_found(name)} is there already, as "weights.{first}"; remove one of them'
                yield self._at(path, message, found=_found(name))


def _is_news(detail: ErrorDetails, meant: Iterable[str | None]) -> bool:
    if detail["type"] == "extra_forbidden":
        return False  # named by its closest known key already
    return detail["type"] != "missing" or str(detail["loc"][0]) not in meant


def _nearest(key: str) -> str | None:
    """The known key that is meant: spelled alike, or ending in the same word."""
    plain = key.lower().replace("-", "_")
    near = difflib.get_close_matches(plain, KNOWN_KEYS, n=1)
    near = near or [known for known in KNOWN_KEYS if known.endswith(f"_{plain}")]
    return near[0] if near else None


def _expected(detail: ErrorDetails) -> str:
    key = detail["loc"][0]
    if len(detail["loc"]) == 1 and key in _EXPECTED_BY_KEY:
        return _EXPECTED_BY_KEY[str(key)]
    if detail["type"] == "missing":
        return f'a version, for instance "{COMPATIBLE_VERSION}"' if key == "reactor-runtime" else "some text"
    message = detail["msg"].removeprefix("Input should be ")
    return _EXPECTED.get(detail["type"], message[0].lower() + message[1:])


def _found(value: object) -> str:
    if value is None:
        return "null"
    shown = json.dumps(value, ensure_ascii=False)
    if len(shown) > _LONGEST_SHOWN:
        shown = shown[: _LONGEST_SHOWN - 3] + "…"
    return f"{_JSON_NAMES.get(type(value), type(value).__name__)} {shown}"


def _meant(detail: ErrorDetails) -> str | None:
    """The JSON value that was probably meant."""
    key, value = detail["loc"][0], detail["input"]
    if key in {"class", "model_version"} and len(detail["loc"]) == 1:
        text = _class_meant(value) if key == "class" else _version_meant(value)
        return None if text is None else json.dumps(text)
    match detail["type"]:
        case "bool_type":
            switch = _SWITCHES.get(str(value).lower())
            return None if switch is None else json.dumps(switch)
        case "list_type" if isinstance(value, str):
            return json.dumps([value])
        case "string_type" if isinstance(value, int | float) and not isinstance(value, bool):
            return json.dumps(str(value))
        case "float_type" if isinstance(value, str) and _VERSION.fullmatch(value.strip()):
            return value.strip() if value.count(".") < 2 else None
    return None


def _class_meant(value: object) -> str | None:
    match = _CLASS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    module = match[1].removeprefix("./").strip("/").replace("/", ".")
    text = f"{module}:{match[2]}"
    return text if all(part.isidentifier() for part in module.split(".")) else None


def _version_meant(value: object) -> str | None:
    """`1.0`, 1 or `v1.0.0` as a semantic version."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    number = _VERSION.fullmatch(str(value).strip().lstrip("vV"))
    if number is None:
        return None
    parts = [str(int(part)) for part in number[0].split(".")]
    return ".".join([*parts, "0", "0"][:3]) if len(parts) <= 3 else None


def _key(path: KeyPath) -> str:
    return '"' + ".".join(str(part) for part in path) + '"'


def _specifiers(text: str) -> SpecifierSet:
    try:
        return SpecifierSet(f">={Version(text)}")
    except InvalidVersion:
        return SpecifierSet(text)
