import functools
import hashlib
import json
import os
from pathlib import Path

import pytest

from reactor_runtime.weights.directory import DirectoryStore
from reactor_runtime.weights.errors import CorruptFolderError, FolderMissingError, RegistryError, UnsafeKeyError
from reactor_runtime.weights.hashes import has_md5_etag
from reactor_runtime.weights.index import (
    INDEX_PATH,
    PART_BYTES,
    FolderIndex,
    IndexedFile,
    index_of,
    load_index,
    local_files,
)

md5 = functools.partial(hashlib.md5, usedforsecurity=False)
HASH = hashlib.sha256(b"x").hexdigest()
FILE = {"path": "a.bin", "size_bytes": 1, "sha256": HASH, "parts": [HASH]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "Folder"
    made.mkdir()
    return made


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])
def test_each_part_has_its_hash(folder: Path, size: int) -> None:
    data = os.urandom(size)
    (folder / "w.bin").write_bytes(data)
    parts = tuple(sha256(data[start : start + PART_BYTES]) for start in range(0, size, PART_BYTES))
    assert index_of(folder).files == (IndexedFile(path="w.bin", size_bytes=size, sha256=sha256(data), parts=parts),)


def test_all_files_are_listed_in_order_but_not_our_own(folder: Path) -> None:
    for path in ("b", "a/z", "a.bin", "ü ü/x", ".reactor/index.json"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(b"x")
    index = index_of(folder)
    assert [file.path for file in index.files] == ["a.bin", "a/z", "b", "ü ü/x"]
    assert index.size_bytes == 4


def test_links_that_stay_inside_are_followed(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "real" / "w.bin").write_bytes(b"x")
    (folder / "link.bin").symlink_to("real/w.bin")
    (folder / "linked").symlink_to("real")
    (folder / "real" / "circle").symlink_to("..")
    assert local_files(folder) == ["link.bin", "linked/w.bin", "real/w.bin"]


def test_a_link_that_leaves_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(UnsafeKeyError, match=rf"link is a link that leaves {folder}"):
        index_of(folder)


def test_a_folder_without_files_is_refused(folder: Path) -> None:
    with pytest.raises(FolderMissingError, match="has no files"):
        index_of(folder)
    with pytest.raises(FolderMissingError, match="is no folder"):
        index_of(folder / "nothing")


def test_a_file_that_can_not_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "w.bin").write_bytes(b"x")

    def refuse(_self: Path, *_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(RegistryError, match=r"w\.bin can't be read: Permission denied"):
        index_of(folder)


def test_an_index_is_loaded_as_it_was_stored(tmp_path: Path, folder: Path) -> None:
    (folder / "w.bin").write_bytes(b"x")
    index, store = index_of(folder), DirectoryStore(tmp_path)
    assert load_index(store, "Folder") is None
    store.put(f"Folder/{INDEX_PATH}", index.to_json())
    assert load_index(store, "Folder") == index


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Invalid JSON"),
        ('{"files": [], "format": 2}', "format"),
        (json.dumps({"files": [FILE | {"path": "../x"}]}), "'..'"),
        (json.dumps({"files": [FILE | {"path": "x/"}]}), "a path ends in '/'"),
        (json.dumps({"files": [FILE | {"path": ".reactor/x"}]}), "is in .reactor/"),
        (json.dumps({"files": [FILE, FILE]}), "comes twice"),
        (json.dumps({"files": [FILE | {"size_bytes": -1}]}), "files.0.size_bytes"),
        (json.dumps({"files": [FILE | {"size_bytes": 2 * PART_BYTES}]}), "are 2 parts, found 1"),
        (json.dumps({"files": [FILE | {"sha256": "x"}]}), "files.0.sha256"),
    ],
)
def test_an_index_that_says_nothing_sensible_is_refused(tmp_path: Path, text: str, why: str) -> None:
    store = DirectoryStore(tmp_path)
    store.put(f"Folder/{INDEX_PATH}", text.encode())
    with pytest.raises(
        CorruptFolderError, match=r"Folder/\.reactor/index\.json in file:///.* can't be used: "
    ) as caught:
        load_index(store, "Folder")
    assert why in str(caught.value)


def test_keys_of_later_formats_are_ignored() -> None:
    index = FolderIndex.model_validate_json(json.dumps({"format": 1, "new": 1, "files": [FILE | {"new": 2}]}))
    assert index.files[0].path == "a.bin"


@pytest.mark.parametrize("size", [0, 10, PART_BYTES, PART_BYTES + 1])
def test_an_md5_says_that_contents_are_the_same(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "w").write_bytes(data)
    whole = md5(data)
    assert has_md5_etag(tmp_path / "w", whole.hexdigest())
    parts = [data[start : start + PART_BYTES] for start in range(0, size, PART_BYTES)]
    of_parts = md5(b"".join(md5(part).digest() for part in parts)).hexdigest()
    assert has_md5_etag(tmp_path / "w", f"{of_parts}-{len(parts)}")
    assert not has_md5_etag(tmp_path / "w", md5(b"other").hexdigest())
    assert not has_md5_etag(tmp_path / "w", f"{of_parts}-{len(parts) + 1}")
    assert not has_md5_etag(tmp_path / "w", "5f0a1-20")
