from pathlib import Path

import pytest

from reactor_runtime.worker.history import ModelHistory, ModelRecord


def test_a_model_never_seen_has_no_load_time_and_the_default_size(tmp_path: Path) -> None:
    assert ModelHistory(tmp_path, tmp_path / "m").record == ModelRecord(load_s=None, width=832, height=480)


def test_what_is_remembered_is_there_at_the_next_start_for_that_folder_only(tmp_path: Path) -> None:
    history = ModelHistory(tmp_path / "cache", tmp_path / "m")
    history.remember(load_s=12.5)
    history.remember(width=1280, height=720)
    assert ModelHistory(tmp_path / "cache", tmp_path / "m").record == ModelRecord(load_s=12.5, width=1280, height=720)
    assert ModelHistory(tmp_path / "cache", tmp_path / "other").record == ModelRecord()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"width": 3}', '{"load_s": -1}', "\xff"])
def test_a_broken_file_counts_as_none(tmp_path: Path, content: str) -> None:
    ModelHistory(tmp_path, tmp_path / "m").remember(load_s=1.0)
    (file,) = tmp_path.rglob("*.json")
    file.write_text(content, encoding="latin-1")
    assert ModelHistory(tmp_path, tmp_path / "m").record == ModelRecord()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    history = ModelHistory(blocked, tmp_path / "m")
    history.remember(load_s=1.0)
    assert history.record.load_s == 1.0
