import importlib
import json
import sys
from pathlib import Path

import pytest

from reactor_runtime.errors import ModelLoadError
from reactor_runtime.loader import load_class
from reactor_runtime.manifest import load_manifest
from reactor_runtime.worker.traces import traceback_text


def cause(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> BaseException:
    """What loading a model with this code raised."""
    manifest = {"reactor-runtime": "0.1.0", "class": "broken_one:B", "model_name": "b", "model_version": "1.0.0"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "broken_one.py").write_text(code)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "broken_one", raising=False)
    importlib.invalidate_caches()
    with pytest.raises(ModelLoadError) as refused:
        load_class(folder, load_manifest(folder))
    assert refused.value.__cause__ is not None
    return refused.value.__cause__


def test_a_traceback_begins_with_the_authors_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = traceback_text(cause(tmp_path, monkeypatch, "def helper():\n    return 1 / 0\n\nhelper()\n")).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "broken_one.py" in lines[1]
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_code_that_cant_be_compiled_is_shown_without_the_calls_that_led_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = traceback_text(cause(tmp_path, monkeypatch, "x = 1\nwhile x\n")).splitlines()
    assert lines[0].endswith('broken_one.py", line 2')
    assert lines[1].strip() == "while x"
    assert lines[-1] == "SyntaxError: expected ':'"


def test_an_error_without_the_authors_code_keeps_its_traceback() -> None:
    assert traceback_text(ValueError("x")) == "ValueError: x\n"
