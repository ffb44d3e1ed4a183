"""`python -P -m reactor_runtime.worker.describe`: JSON on stdout and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.limits import PATIENCE_S
from support.worker_child import write_model


def describe(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "reactor_runtime.worker.describe", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_only_the_capabilities_are_printed_and_init_isnt_called(tmp_path: Path) -> None:
    source = """
    print("importing")
    os.system("echo from a child")
    class M(VideoModel):
        def __init__(self): raise RuntimeError("called")
        def start_session(self): ...
        @command()
        def go(self, n: int = 3): ...
    """
    done = describe(write_model(tmp_path, source))
    assert json.loads(done.stdout)["commands"]["go"]["schema"] == {"n": {"default": 3, "type": "integer"}}
    assert done.stdout.count("\n") == 1
    assert "importing" in done.stderr
    assert "from a child" in done.stderr
    assert done.returncode == 0


def test_a_model_that_cant_be_imported_is_a_short_cause_on_stderr(tmp_path: Path) -> None:
    done = describe(write_model(tmp_path, "class M(VideoModel): oops\n"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("model_m.py, line ")
    assert "Traceback" not in done.stderr


def test_a_folder_without_manifest_is_named(tmp_path: Path) -> None:
    done = describe(tmp_path)
    assert done.returncode == 1
    assert f"there is no manifest.json in {tmp_path}" in done.stderr


PARTS = {
    "a module of a package": (
        {"pack/__init__.py": "", "pack/inner.py": "{base}"},
        "pack.inner:M",
    ),
    "a module of a folder without __init__": ({"pack/deep/inner.py": "{base}"}, "pack.deep.inner:M"),
    "relative imports": (
        {
            "pack/__init__.py": "from .limits import MOST",
            "pack/limits.py": "MOST = 9\nLEAST = 2",
            "pack/sub/__init__.py": "",
            "pack/sub/inner.py": "from .. import MOST\nfrom ..limits import LEAST\nfrom .same import NAME\n{base}",
            "pack/sub/same.py": "NAME = 'go'",
        },
        "pack.sub.inner:M",
    ),
    "helpers and constants beside it": (
        {
            "helpers.py": "from limits import MOST, LEAST",
            "limits.py": "MOST = 9\nLEAST = 2",
            "mine.py": "from helpers import *\nNAME = 'go'\n{base}",
        },
        "mine:M",
    ),
    "a class that is imported from elsewhere": (
        {"other/model.py": "{base}", "mine.py": "from other.model import M as Mine"},
        "mine:Mine",
    ),
    "a package as the module": ({"pack/__init__.py": "from .inner import M", "pack/inner.py": "{base}"}, "pack:M"),
    "a module called as one of the library": ({"queue.py": "{base}"}, "queue:M"),
}
BASE = """
from __future__ import annotations
from typing import Annotated, Literal
from pydantic import Field
from reactor_runtime import VideoModel, command
MOST, LEAST, NAME = globals().get("MOST", 9), globals().get("LEAST", 2), globals().get("NAME", "go")
Speed = Annotated[int, Field(ge=LEAST, le=MOST)]
class M(VideoModel):
    Kind = Literal["a", "b"]
    def start_session(self): ...
    @command(NAME)
    def steer(self, speed: Speed = MOST, kind: Kind = "a"): ...
"""


@pytest.mark.parametrize("part", PARTS)
def test_capabilities_of_every_way_to_lay_out_a_folder(tmp_path: Path, part: str) -> None:
    files, path = PARTS[part]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        future, _, rest = BASE.strip().partition("\n")
        (tmp_path / name).write_text(f"{future}\n{text.format(base=rest)}" if "{base}" in text else text)
    manifest = {"reactor-runtime": "0.0.4", "class": path, "model_name": "m", "model_version": "1.0.0"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    command = [sys.executable, "-P", "-m", "reactor_cli", "capabilities", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["commands"] == {
        "go": {
            "description": "",
            "schema": {
                "speed": {"type": "integer", "minimum": 2, "maximum": 9, "default": 9},
                "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
            },
        }
    }
