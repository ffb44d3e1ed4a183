"""The example models, outside their process: frames are asked for one by one, messages land in a list."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

MANIFESTS = Path(__file__).parents[3] / "manifests"


class Told:
    """Stands in for the session's context: keeps what the model sends."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def load_example(monkeypatch: pytest.MonkeyPatch, told: Told) -> Callable[[str, str], ModuleType]:
    """Import `module` of the example in `folder` as the worker would: with the folder first on the path."""

    def load(folder: str, module: str) -> ModuleType:
        monkeypatch.syspath_prepend(str(MANIFESTS / folder))
        for file in (MANIFESTS / folder).glob("*.py"):
            monkeypatch.delitem(sys.modules, file.stem, raising=False)
        loaded = importlib.import_module(module)
        if hasattr(loaded, "get_ctx"):
            monkeypatch.setattr(loaded, "get_ctx", lambda: told)
        return loaded

    return load
