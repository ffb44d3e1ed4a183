"""From `manifest.json` to a checked `Manifest`, with errors that name file, line, key, found and expected."""

import difflib
import json
import math
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reactor_protocol.manifest import FILE_NAME, Manifest
from reactor_runtime.errors import ManifestError
from reactor_runtime.json_source import JsonSource, locate

__all__ = ["COMPATIBLE_VERSION", "ManifestError", "load_manifest", "max_fps", "runtime_version"]

COMPATIBLE_VERSION = "0.0.4"
"""The published API that this package also offers, as far as requirements are concerned."""

_DEFAULT_MAX_FPS = 60.0
_FASTEST_FPS = 240.0  # as in the manifest's own `max_fps`
_JSON_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
_EXPECTED = {
    "string_type": "a string",
    "bool_type": "true or false",
    "float_type": "a number",
    "list_type": "an array",
    "dict_type": "an object",
}
_EXPECTED_BY_KEY = {
    "class": '"module:Class", for instance "model_mine:MyModel"',
    "model_version": 'a semantic version, for instance "1.0.0"',
}


def load_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of the model in `folder`.

    Raises:
        ManifestError: it isn't there, isn't JSON, or says something it may not; every finding is in the text.
    """
    file = folder / FILE_NAME
    text = _read(file)
    value, source = _parse(file, text)
    findings = [*_duplicates(source), *_unknown_keys(value, source)]
    try:
        manifest = Manifest.model_validate(value)
    except ValidationError as error:
        findings += [_finding(detail, source) for detail in error.errors() if detail["type"] != "extra_forbidden"]
    else:
        findings += _requirement(manifest.reactor_runtime, source)
    if findings:
        raise _error(file, findings)
    return manifest


def max_fps(manifest: Manifest) -> float:
    """The fastest rate at which frames are played, in frames per second: `max_fps`, else `args.fps`, else 60."""
    if manifest.max_fps is not None:
        return manifest.max_fps
    fps = manifest.args.get("fps")
    if isinstance(fps, int | float) and not isinstance(fps, bool) and math.isfinite(fps) and fps > 0:
        return min(float(fps), _FASTEST_FPS)
    return _DEFAULT_MAX_FPS


def runtime_version() -> str:
    """The version of this distribution."""
    return metadata.version("reactor-local")


_Finding = tuple[int | None, str]


def _error(file: Path, findings: list[_Finding]) -> ManifestError:
    findings.sort(key=lambda finding: finding[0] or 0)
    lines = [f"{file.name}{f', line {line}' if line else ''}: {text}" for line, text in findings]
    return ManifestError("\n".join(lines), file, findings[0][0])


def _read(file: Path) -> str:
    if not file.parent.is_dir():
        raise ManifestError(f"{file.parent} is not a folder. Give the folder that holds the model's {FILE_NAME}.")
    try:
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ManifestError(_not_there(file), file) from None
    except UnicodeDecodeError as error:
        raise ManifestError(f"{file.name}: byte {error.start} isn't UTF-8. Save the file as UTF-8.", file) from None
    except OSError as error:
        raise ManifestError(f"{file} can't be read: {error.strerror}.", file) from None


def _not_there(file: Path) -> str:
    names = [entry.name for entry in file.parent.iterdir() if entry.is_file()]
    near = [name for name in names if name.lower() == FILE_NAME]
    near = near or difflib.get_close_matches(FILE_NAME, [name for name in names if name.endswith(".json")], n=1)
    hint = f' There is "{near[0]}": rename it.' if near else " Give the folder of a model, or write one there."
    return f"there is no {FILE_NAME} in {file.parent}.{hint}"


def _parse(file: Path, text: str) -> tuple[dict[str, Any], JsonSource]:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        source = locate(text)
    except json.JSONDecodeError as error:
        where = f"{file.name}, line {error.lineno}, column {error.colno}"
        raise ManifestError(f"{where}: not JSON: {_syntax(text, error)}", file, error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{file.name}: not JSON: {error}", file) from None
    if not isinstance(value, dict):
        raise ManifestError(f"{file.name}, line 1: expected an object {{…}}, found {_found(value)}", file, 1)
    return value, source


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _syntax(text: str, error: json.JSONDecodeError) -> str:
    before, after = text[: error.pos].rstrip(), text[error.pos : error.pos + 1]
    if before.endswith(",") and after in {"}", "]"}:
        return f"a comma before the closing {after}; remove it"
    if after in {"/", "#"}:
        return "comments aren't allowed; remove this one"
    if after == "'":
        return "strings stand in double quotes"
    if not after:
        return "the file ends too early; a closing bracket or quote is missing"
    return f"{error.msg[0].lower()}{error.msg[1:]}, found {after!r}"


def _duplicates(source: JsonSource) -> Iterable[_Finding]:
    for path, first, second in source.duplicates:
        yield second, f"key {_key(path)} is there already, in line {first}; remove one of them"


def _unknown_keys(value: dict[str, Any], source: JsonSource) -> Iterable[_Finding]:
    known = [field.alias or name for name, field in Manifest.model_fields.items()]
    for key in value:
        if key in known:
            continue
        near = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"known keys: {', '.join(known)}"
        yield source.line((key,)), f'unknown key "{key}"; {hint}'


def _finding(detail: ErrorDetails, source: JsonSource) -> _Finding:
    path = detail["loc"]
    if detail["type"] == "missing":
        return 1, f"key {_key(path)} is missing; expected {_expected(detail)}"
    return source.line(path), f"key {_key(path)}: expected {_expected(detail)}, found {_found(detail['input'])}"


def _expected(detail: ErrorDetails) -> str:
    key = detail["loc"][0]
    if isinstance(key, str) and key in _EXPECTED_BY_KEY:
        return _EXPECTED_BY_KEY[key]
    if detail["type"] == "missing":
        return 'a version, for instance "0.0.4"' if key == "reactor-runtime" else "a string"
    message = detail["msg"].removeprefix("Input should be ")
    return _EXPECTED.get(detail["type"], message[0].lower() + message[1:])


def _found(value: object) -> str:
    if value is None:
        return "null"
    shown = json.dumps(value)
    return f"{_JSON_NAMES.get(type(value), type(value).__name__)} {shown if len(shown) <= 60 else shown[:57] + '…'}"


def _key(path: tuple[str | int, ...]) -> str:
    return '"' + ".".join(str(part) for part in path) + '"'


def _requirement(text: str, source: JsonSource) -> Iterable[_Finding]:
    line = source.line(("reactor-runtime",))
    try:
        wanted = _specifiers(text)
    except InvalidSpecifier:
        yield line, f'key "reactor-runtime": expected a version or version specifiers (">=0.0.4,<1"), found "{text}"'
        return
    ours = runtime_version()
    if not any(wanted.contains(version, prereleases=True) for version in (ours, COMPATIBLE_VERSION)):
        text = (
            f'key "reactor-runtime": the model wants "{text}"; this is {ours}, which also offers what '
            f"{COMPATIBLE_VERSION} did. Update Reactor Local, or change the requirement if the model works with it."
        )
        yield line, text


def _specifiers(text: str) -> SpecifierSet:
    try:
        return SpecifierSet(f">={Version(text)}")
    except InvalidVersion:
        return SpecifierSet(text)
