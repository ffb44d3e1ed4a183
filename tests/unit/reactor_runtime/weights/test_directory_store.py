import os
import time
from pathlib import Path

import pytest

from reactor_runtime.weights.directory import DirectoryStore
from reactor_runtime.weights.errors import (
    BucketMissingError,
    NotEnoughSpaceError,
    ObjectChangedError,
    ObjectMissingError,
    RegistryError,
    UnsafeKeyError,
)
from reactor_runtime.weights.store import open_store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "the registry"
    made.mkdir()
    return made


@pytest.fixture
def store(root: Path) -> DirectoryStore:
    return DirectoryStore(root)


def read(store: DirectoryStore, key: str, end: int) -> bytes:
    return b"".join(store.read_range(key, 0, end))


@pytest.mark.parametrize("key", ["../secret", "F/../../secret", "/etc/passwd", "", "F//a", "./a", "F/\0"])
def test_a_key_that_leaves_the_registry_is_refused(store: DirectoryStore, key: str) -> None:
    for action in (lambda: store.head(key), lambda: read(store, key, 1), lambda: store.put(key, b"1")):
        with pytest.raises(UnsafeKeyError):
            action()


def test_a_link_out_of_the_registry_is_never_followed(store: DirectoryStore, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    (root / "F").symlink_to(tmp_path / "outside")
    for action in (
        lambda: store.head("F/secret"),
        lambda: read(store, "F/secret", 1),
        lambda: store.put("F/new/file", b"1"),
        lambda: list(store.list("F/")),
        lambda: list(store.list("")),
    ):
        with pytest.raises(UnsafeKeyError, match="leaves"):
            action()
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["secret"]


def test_a_link_elsewhere_does_not_disturb_another_folder(store: DirectoryStore, root: Path) -> None:
    store.put("Good/a", b"1")
    (root / "Bad").symlink_to("/")
    assert [info.key for info in store.list("Good/")] == ["Good/a"]


def test_links_inside_are_followed_and_circles_end(store: DirectoryStore, root: Path) -> None:
    store.put("F/a", b"1")
    (root / "Same").symlink_to("F")
    (root / "F" / "up").symlink_to("../F")
    (root / "F" / "itself").symlink_to("itself")
    assert read(store, "Same/a", 1) == b"1"
    with pytest.raises(RegistryError):
        store.head("F/itself")
    (root / "F" / "itself").unlink()
    assert [info.key for info in store.list("")] == ["F/a", "Same/a"]


def test_a_folder_is_no_object(store: DirectoryStore) -> None:
    store.put("F/a/b", b"1")
    for key in ("F", "F/a", "F/a/b/c"):
        with pytest.raises(ObjectMissingError):
            store.head(key)


def test_a_pipe_is_no_object_and_nobody_waits_for_it(store: DirectoryStore, root: Path) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(ObjectMissingError):
        store.head("pipe")
    assert list(store.list("")) == []


def test_an_object_written_in_its_place_while_it_is_read_has_changed(store: DirectoryStore, root: Path) -> None:
    store.put("a", bytes(3 * 1024 * 1024))
    chunks = store.read_range("a", 0, 3 * 1024 * 1024)
    next(chunks)
    with (root / "a").open("r+b") as file:
        file.write(b"other")
        os.utime(file.fileno(), ns=(1, 1))
    with pytest.raises(ObjectChangedError):
        list(chunks)


def test_an_object_replaced_while_it_is_read_stays_what_it_was(store: DirectoryStore) -> None:
    store.put("a", bytes(3 * 1024 * 1024))
    chunks = store.read_range("a", 0, 3 * 1024 * 1024)
    first = next(chunks)
    store.put("a", b"other")
    assert first + b"".join(chunks) == bytes(3 * 1024 * 1024)


def test_a_new_object_has_the_permissions_of_new_files(store: DirectoryStore, root: Path) -> None:
    store.put("a", b"1")
    (root / "plain").touch()
    assert (root / "a").stat().st_mode == (root / "plain").stat().st_mode


def test_what_killed_writers_left_is_removed_after_a_day(store: DirectoryStore, root: Path) -> None:
    (root / ".unfinished").mkdir()
    for name, age_s in (("old", 25 * 3600), ("new", 3600)):
        (root / ".unfinished" / name).write_bytes(b"half")
        os.utime(root / ".unfinished" / name, (time.time() - age_s,) * 2)
    assert list(store.list("")) == []
    store.put("a", b"1")
    assert [path.name for path in (root / ".unfinished").iterdir()] == ["new"]


def test_a_full_disk_is_said(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_fd: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(NotEnoughSpaceError, match="a doesn't fit"):
        store.put("a", b"1")
    monkeypatch.undo()
    assert list(store.list("")) == []


def test_a_source_that_is_not_there_is_named(store: DirectoryStore, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"nothing can't be read: No such file"):
        store.put("a", tmp_path / "nothing")


def test_a_registry_that_is_no_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BucketMissingError, match="is no directory"):
        DirectoryStore(tmp_path / "file").head("a")
    with pytest.raises(BucketMissingError, match=r"mkdir -p .*/none"):
        DirectoryStore(tmp_path / "none").head("a")


def test_a_url_names_a_folder(root: Path) -> None:
    (root / "a").write_bytes(b"1")
    for url in (root.as_uri(), f"file://localhost{root}", f"file:{root}", f"file://{root}/"):
        assert open_store(url).head("a").size_bytes == 1


@pytest.mark.parametrize("url", ["file://relative/x", "file:x", "file://", "file:///a%00b"])
def test_a_url_without_an_absolute_folder_is_refused(url: str) -> None:
    with pytest.raises(RegistryError, match="three slashes"):
        open_store(url)


@pytest.mark.parametrize("name", ["", "s3://", "s3://bucket/prefix", "https://host/bucket", "./folder", "a b", "x"])
def test_what_is_no_registry_is_refused(name: str) -> None:
    with pytest.raises(RegistryError, match=r"is no registry\. A registry is the name of a bucket, s3://BUCKET, or"):
        open_store(name)


def test_a_path_is_told_how_to_be_a_registry() -> None:
    with pytest.raises(RegistryError, match=r"For a directory: file:///folder/reg$"):
        open_store("/folder/reg")
