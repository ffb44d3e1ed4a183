"""What counts as a change of a model's folder."""

import itertools
from pathlib import Path

import pytest

from reactor_runtime.worker import folder as folders
from reactor_runtime.worker.folder import changed_file, look


def test_an_untouched_folder_has_not_changed(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("a")
    assert changed_file(look(tmp_path), look(tmp_path)) is None


def test_files_that_are_new_or_gone_or_different_are_changes_in_folders_below_too(tmp_path: Path) -> None:
    below = tmp_path / "parts" / "model.py"
    seen = [look(tmp_path)]
    below.parent.mkdir()
    for text in ("a", "ab"):
        below.write_text(text)
        seen.append(look(tmp_path))
    below.unlink()
    seen.append(look(tmp_path))
    assert [changed_file(before, now) for before, now in itertools.pairwise(seen)] == [str(below)] * 3


def test_a_file_that_an_editor_replaces_is_a_change_even_with_the_same_size_and_time(tmp_path: Path) -> None:
    file, other = tmp_path / "model.py", tmp_path / "model.new"
    file.write_text("a")
    other.write_text("b")
    before = {str(file): look(tmp_path)[str(file)]}
    other.replace(file)
    assert changed_file(before, look(tmp_path)) == str(file)


def test_caches_hidden_folders_and_an_editors_scratch_files_are_passed_over(tmp_path: Path) -> None:
    for name in ("__pycache__/model.pyc", ".git/index", ".venv/x.py", "node_modules/x.js", "model.py.swp", "model.py~"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    assert look(tmp_path) == {}


def test_a_folder_that_is_not_there_yet_appears(tmp_path: Path) -> None:
    before = look(tmp_path / "later")
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "manifest.json").write_text("{}")
    assert changed_file(before, look(tmp_path / "later")) is not None


def test_a_link_to_nowhere_and_a_data_set_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").symlink_to(tmp_path / "nowhere")
    for number in range(20):
        (tmp_path / f"{number}.png").touch()
    monkeypatch.setattr(folders, "MAX_FILES", 10)
    assert len(look(tmp_path)) == 10
