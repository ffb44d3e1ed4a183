import importlib
import json
import sys
from pathlib import Path

import pytest

from reactor_runtime.errors import ModelLoadError
from reactor_runtime.loader import load_class
from reactor_runtime.manifest import load_manifest
from reactor_runtime.worker.traces import traceback_text


def test_a_traceback_begins_with_the_authors_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = {"reactor-runtime": "0.1.0", "class": "broken_one:B", "model_name": "b", "model_version": "1.0.0"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "broken_one.py").write_text("def helper():\n    return 1 / 0\n\nhelper()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "broken_one", raising=False)
    importlib.invalidate_caches()
    with pytest.raises(ModelLoadError) as refused:
        load_class(tmp_path, load_manifest(tmp_path))
    assert refused.value.__cause__ is not None
    lines = traceback_text(refused.value.__cause__).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "broken_one.py" in lines[1]
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_an_error_without_the_authors_code_keeps_its_traceback() -> None:
    assert traceback_text(ValueError("x")) == "ValueError: x\n"
