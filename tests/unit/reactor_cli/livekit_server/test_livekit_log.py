"""The server's log: a bounded tail, bounded files, no tokens."""

import io
from pathlib import Path

from reactor_cli.livekit_server.container import _Lines
from reactor_cli.livekit_server.log import ServerLog


def test_the_tail_is_bounded_and_the_file_has_everything(tmp_path: Path) -> None:
    log = ServerLog(tmp_path)
    log.copy(io.BytesIO(b"".join(b"line %d\n" % n for n in range(500))))
    assert log.tail(2) == ["line 498", "line 499"]
    assert len(log.tail()) == 60
    assert log.path is not None
    assert log.path.read_text().splitlines()[0] == "line 0"
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_only_the_newest_ten_files_are_kept_and_none_is_shared(tmp_path: Path) -> None:
    paths = [ServerLog(tmp_path).path for _ in range(12)]
    assert len(set(paths)) == 12
    assert len(list(tmp_path.iterdir())) == 10
    assert paths[-1] is not None
    assert paths[-1].exists()


def test_tokens_are_left_out(tmp_path: Path) -> None:
    log = ServerLog(tmp_path)
    log.copy(io.BytesIO(b"GET /rtc?access_token=ab.cd-e_f&x=1\n"))
    assert log.tail() == ["GET /rtc?access_token=...&x=1"]


def test_an_endless_line_is_cut(tmp_path: Path) -> None:
    log = ServerLog(tmp_path)
    log.copy(io.BytesIO(b"x" * 10_000))
    assert max(len(line) for line in log.tail()) == 4096


def test_the_engines_chunks_become_lines() -> None:
    lines = _Lines(iter([b"one\ntw", b"o\n", b"three"]))
    assert [lines.readline(100) for _ in range(4)] == [b"one\n", b"two\n", b"three", b""]


def test_without_a_folder_to_write_to_the_tail_is_kept_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    log = ServerLog(tmp_path / "logs")
    log.copy(io.BytesIO(b"hello\n"))
    assert (log.path, log.tail()) == (None, ["hello"])
