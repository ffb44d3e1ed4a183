"""How a worker loads its model, as a real process."""

import json
from pathlib import Path

from reactor_runtime.worker.messages import (
    LoadFailed,
    Ping,
    Pong,
)
from support.worker_child import Start, WorkerChild, write_model


def test_a_model_loads_with_its_capabilities_and_ends_when_told(start: Start, tmp_path: Path) -> None:
    source = "class M(VideoModel):\n    def start_session(self): ...\n    @command()\n    def go(self): ...\n"
    with WorkerChild(write_model(tmp_path, source)) as worker:
        loaded = worker.load()
        assert list(json.loads(loaded.capabilities)["commands"]) == ["go"]
        assert not loaded.takes_camera
        assert worker.shutdown() == 0


def test_a_model_that_cant_load_says_why_and_ends(tmp_path: Path) -> None:
    with WorkerChild(write_model(tmp_path, "import nothing_like_that\nclass M(VideoModel): ...\n")) as worker:
        failed = worker.wait_for(LoadFailed)
        assert "pip install nothing_like_that" in failed.message
        assert failed.file == str(tmp_path / "model_m.py")
        assert "ModuleNotFoundError" in failed.traceback
        assert worker.process.wait(30) == 1


def test_a_folder_without_manifest_says_so(tmp_path: Path) -> None:
    with WorkerChild(tmp_path) as worker:
        assert "there is no manifest.json" in worker.wait_for(LoadFailed).message


def test_the_folder_is_the_working_directory_and_first_for_imports(start: Start, tmp_path: Path) -> None:
    (tmp_path / "json_helper.py").write_text("WORD = 'found'")
    worker = start(
        """
        import json_helper
        class M(VideoModel):
            def start_session(self):
                get_ctx().send({"cwd": os.getcwd(), "word": json_helper.WORD, "first": sys.path[0]})
        """
    )
    assert worker.message() == {"cwd": str(tmp_path), "word": "found", "first": str(tmp_path)}


def test_pings_are_answered_while_the_model_loads(tmp_path: Path) -> None:
    source = "time.sleep(1.5)\nclass M(VideoModel):\n    def start_session(self): ...\n"
    with WorkerChild(write_model(tmp_path, source)) as worker:
        worker.send(Ping(7))
        assert worker.wait_for(Pong).number == 7
        worker.load()
