from pathlib import Path

import pytest

from reactor_cli import log_file
from reactor_cli.log_file import LogFile, stack_log_folder


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REACTOR_CACHE_DIR", str(tmp_path))
    return tmp_path / "logs"


def test_lines_are_on_disk_at_once(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.log")
    file.write("last words")
    assert (tmp_path / "a.log").read_text() == "last words\n"
    file.close()


def test_the_start_before_is_kept(tmp_path: Path) -> None:
    for text in ("first", "second"):
        file = LogFile(tmp_path / "a.log")
        file.write(text)
        file.close()
    assert (tmp_path / "a.log").read_text() == "second\n"
    assert (tmp_path / "a.log.1").read_text() == "first\n"


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_FILE_BYTES", 100)
    file = LogFile(tmp_path / "a.log")
    for number in range(100):
        file.write(f"line {number}")
    file.close()
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) <= 200
    assert "line 99" in (tmp_path / "a.log").read_text()


def test_only_the_newest_stacks_are_kept(logs: Path) -> None:
    for port in range(9000, 9015):
        stack_log_folder(port)
    names = {folder.name for folder in logs.iterdir()}
    assert len(names) == 10
    assert "9014" in names


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("REACTOR_CACHE_DIR", str(tmp_path / "file"))
    assert stack_log_folder(1) is None
    LogFile(tmp_path / "file" / "a.log").write("nowhere")
