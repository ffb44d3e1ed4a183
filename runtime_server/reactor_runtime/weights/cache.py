"""The cache of weight folders on this machine."""

import os
from pathlib import Path

from reactor_runtime.errors import WeightsError


def cache_root() -> Path:
    """`REACTOR_REGISTRY_CACHE`, else `~/.cache/reactor_registry`."""
    return Path(os.environ.get("REACTOR_REGISTRY_CACHE") or Path.home() / ".cache" / "reactor_registry")


def weight_folder(name: str) -> Path:
    """The folder called `name`.

    Raises:
        WeightsError: it isn't there or holds nothing; the text names the path.
    """
    if not name or name in {".", ".."} or set(name) & {"/", "\\", "\0"}:
        raise WeightsError(f"{name!r} is no name of a weight folder: one word, without slashes.")
    folder = cache_root() / name
    if not folder.is_dir():
        raise WeightsError(f"the weight folder {name!r} isn't there. Put its files into {folder}.")
    if not any(path.is_file() for path in folder.rglob("*")):
        raise WeightsError(f"the weight folder {name!r} is empty. Put its files into {folder}.")
    return folder
