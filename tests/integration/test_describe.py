"""`python -P -m reactor_runtime.worker.describe`: JSON on stdout and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

from support.worker_child import write_model


def describe(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "reactor_runtime.worker.describe", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


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
