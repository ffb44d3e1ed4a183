"""From `manifest.json` to a checked `Manifest`, with errors that name file, line, key, found and expected."""

import difflib
import json
import math
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reactor_protocol.manifest import FILE_NAME, Manifest
from reactor_runtime.errors import ManifestError
from reactor_runtime.findings import Finding
from reactor_runtime.json_source import JsonSource, locate
from reactor_runtime.manifest_rules import Rules

__all__ = ["ManifestError", "load_manifest", "max_fps", "runtime_version"]

_DEFAULT_MAX_FPS = 60.0
_FASTEST_FPS = 240.0  # as in the manifest's own `max_fps`


def load_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of the model in `folder`.

    Raises:
        ManifestError: it isn't there, isn't JSON, or says something it may not; every finding is in it.
    """
    file = folder / FILE_NAME
    value, source = _parse(file, _read(file))
    rules = Rules(file, value, source, runtime_version())
    try:
        manifest = Manifest.model_validate(value)
    except ValidationError as error:
        raise ManifestError.of(rules.findings(error)) from None
    findings = rules.findings()
    if findings:
        raise ManifestError.of(findings)
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


def _broken(message: str, file: Path | None = None, line: int | None = None) -> ManifestError:
    """One finding that ends the reading."""
    return ManifestError.of([Finding("error", message, file=file, line=line)])


def _read(file: Path) -> str:
    if not file.parent.is_dir():
        raise _broken(f"{file.parent} is not a folder. Give the folder that holds the model's {FILE_NAME}.")
    try:
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        text = _not_there(file)
        raise ManifestError(text, file, findings=[Finding("error", text, file=file)]) from None
    except UnicodeDecodeError as error:
        raise _broken(f"byte {error.start} isn't UTF-8. Save the file as UTF-8.", file) from None
    except OSError as error:
        raise _broken(f"it can't be read: {error.strerror}.", file) from None


def _not_there(file: Path) -> str:
    names = [entry.name for entry in file.parent.iterdir() if entry.is_file()]
    near = [name for name in names if name.lower() == FILE_NAME]
    near = near or difflib.get_close_matches(FILE_NAME, [name for name in names if name.endswith(".json")], n=1)
    hint = f' There is "{near[0]}": rename it.' if near else " Give the folder of a model, or make one: reactor init."
    return f"there is no {FILE_NAME} in {file.parent}.{hint}"


def _parse(file: Path, text: str) -> tuple[dict[str, Any], JsonSource]:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        source = locate(text)
    except json.JSONDecodeError as error:
        where = f"{file.name}, line {error.lineno}, column {error.colno}"
        finding = Finding("error", f"not JSON: {_syntax(text, error)}", file=file, line=error.lineno)
        raise ManifestError(f"{where}: {finding.message}", file, error.lineno, (finding,)) from None
    except (ValueError, RecursionError) as error:
        raise _broken(f"not JSON: {error}", file) from None
    if not isinstance(value, dict):
        raise _broken(f"expected an object {{…}}, found {json.dumps(value)[:60]}", file, 1)
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
    if error.msg == "Expecting ',' delimiter" and after in {'"', "{", "["}:
        line = before.count("\n") + 1
        return "a comma is missing " + (f"at the end of line {line}" if line < error.lineno else f"before this {after}")
    return f"{error.msg[0].lower()}{error.msg[1:]}, found {after!r}"
