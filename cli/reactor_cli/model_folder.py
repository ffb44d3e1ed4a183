"""From what the user typed after `--path` to a model's folder, told in words before anything starts."""

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from reactor_cli.errors import CliError, UsageProblem
from reactor_protocol.manifest import FILE_NAME, Manifest

_SEARCH_DEPTH = 2  # manifests/<model> seen from a repository's root
_LOOKED_AT_MOST = 500  # folders: a home directory must not cost seconds
_LISTED_AT_MOST = 8
_NEVER_MODELS = {"node_modules", "__pycache__", "site-packages"}


def open_model(path: Path) -> tuple[Path, Manifest]:
    """Return the absolute folder and its manifest.

    Raises:
        UsageProblem: there is no such folder, or no manifest in it (names those found nearby).
        CliError: the manifest is wrong (names file, line and key).
    """
    folder = find_model(path)
    return folder, _load(folder)


def find_model(path: Path) -> Path:
    """Return the absolute folder, in which there is a manifest, good or bad.

    Raises:
        UsageProblem: there is no such folder, or no manifest in it (names those found nearby).
    """
    try:
        return _find(path)
    except OSError as error:
        raise UsageProblem(f"{path} can't be read: {error.strerror}.") from None


def _find(path: Path) -> Path:
    folder = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - `..` is resolved, links aren't
    if folder.name == FILE_NAME and folder.is_file():
        folder = folder.parent
    if not folder.is_dir():
        raise UsageProblem(_no_folder(path, folder))
    if not (folder / FILE_NAME).is_file():
        raise UsageProblem(_no_manifest(path, folder))
    return folder


def find_models(folder: Path) -> list[Path]:
    """List the folders below `folder` that have a manifest; bounded in depth and number."""
    return sorted(
        found
        for found, _ in zip(_walk(folder, _SEARCH_DEPTH), range(_LOOKED_AT_MOST), strict=False)
        if (found / FILE_NAME).is_file()
    )


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        children = sorted(child for child in folder.iterdir() if child.is_dir())
    except OSError:
        return
    children = [child for child in children if not child.name.startswith(".") and child.name not in _NEVER_MODELS]
    yield from children
    if depth > 1:
        for child in children:
            yield from _walk(child, depth - 1)


def _load(folder: Path) -> Manifest:
    from reactor_runtime.errors import ManifestError  # noqa: PLC0415 - only once the path is good
    from reactor_runtime.manifest import load_manifest  # noqa: PLC0415

    try:
        return load_manifest(folder)
    except ManifestError as error:
        place = str(error.file or folder / FILE_NAME) + (f":{error.line}" if error.line else "")
        raise CliError(f"{place}\n{error.message}") from None


def _no_folder(path: Path, folder: Path) -> str:
    if folder.exists():
        return f"{path} is a file; --path takes the folder that holds {FILE_NAME}."
    lines = [f"{path}: there is no such folder."]
    if folder.parent.is_dir():
        names = [child.name for child in folder.parent.iterdir() if child.is_dir()]
        close = difflib.get_close_matches(folder.name, names, n=1)
        if close:
            lines.append(f"Did you mean {path.with_name(close[0])}?")
    return "\n".join(lines)


def _no_manifest(path: Path, folder: Path) -> str:
    found = find_models(folder)
    where = f"{path} has no {FILE_NAME}" if str(path) != "." else f"This folder ({folder}) has no {FILE_NAME}"
    if not found:
        return f"{where}, nor has any folder in it.\nGive the model's folder: reactor run --path your-model"
    options = [f"  reactor run --path {_as_typed(path, folder, model)}" for model in found[:_LISTED_AT_MOST]]
    if len(found) > _LISTED_AT_MOST:
        options.append(f"  … and {len(found) - _LISTED_AT_MOST} more")
    return "\n".join([f"{where}. Did you mean:" if len(found) == 1 else f"{where}. Models below it:", *options])


def _as_typed(path: Path, folder: Path, model: Path) -> Path:
    return path / model.relative_to(folder)
