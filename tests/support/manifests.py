"""Manifests of models that tests write."""

import json
from pathlib import Path
from typing import Any


def write_manifest(folder: Path, path: str, **more: Any) -> Path:
    """Make `manifest.json` for the class `path` ("module:Class"), in a folder that may be there; return the folder.

    Args:
        folder: the model's.
        path: names the model as well, by its module.
        more: other keys, and other values for those that every manifest has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = {
        "reactor-runtime": "0.0.4",
        "class": path,
        "model_name": path.partition(":")[0],
        "model_version": "1.0.0",
    }
    (folder / "manifest.json").write_text(json.dumps(keys | more), "utf-8")
    return folder
