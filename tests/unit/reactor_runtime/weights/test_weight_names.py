import unicodedata
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_runtime.weights.errors import UnsafeKeyError
from reactor_runtime.weights.names import check_folder_name, safe_paths

NASTY = st.sampled_from(
    ["..", ".", "", "/", "a", "A", "é", "e\u0301", "con", "NUL.txt", "\\", "C:", " ", "\0", "\ud800"]
)
KEYS = st.lists(st.one_of(st.text(), st.lists(st.one_of(NASTY, st.text(max_size=5)), max_size=6).map("/".join)))


@pytest.mark.parametrize("name", ["A", "Model-v1.2", "with space", "模型", "Überall", "x" * 128])
def test_a_word_is_a_folder_name(name: str) -> None:
    check_folder_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a/b", "/a", "a/", "a\\b", "a\0", "a\n"),
        *("_models", ".reactor", "con", "NUL.bin", "A:", " a", "a ", "a.", "e\u0301", "x" * 129, "ü" * 65, "\ud800"),
    ],
)
def test_what_other_systems_read_differently_is_no_folder_name(name: str) -> None:
    with pytest.raises(UnsafeKeyError, match="is no name of a weight folder: "):
        check_folder_name(name)


@pytest.mark.parametrize(
    "key",
    [
        *("a", "a/b/c.bin", "with space/ü 你好.bin", ".hidden", "a..b", "...a", "console/nullable.bin", "com10"),
        *("layer:0", "x" * 255, "deep/" * 100 + "leaf", "e\u0301", "sub/.reactor/x", "lpt/0"),
    ],
)
def test_a_plain_key_becomes_its_path(key: str) -> None:
    assert safe_paths([key]) == {key: PurePosixPath(key)}


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("../a", "'..'"),
        ("a/../b", "'..'"),
        ("a/..", "'..'"),
        ("./a", "'.' is no file name"),
        ("a/. /b", "is no file name"),
        ("a/.. ", "is no file name"),
        ("/etc/passwd", "absolute"),
        ("C:/Windows", "drive"),
        ("a/c:b", "drive"),
        ("a//b", "a part of it is empty"),
        ("a\\..\\b", "backslash"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("con", "device"),
        ("sub/NUL", "device"),
        ("aux.tar.gz", "device"),
        ("COM1 .txt", "device"),
        ("lpt²", "device"),
        ("CONIN$", "device"),
        ("x" * 256, "longer than 255 bytes"),
        ("ü" * 128, "longer than 255 bytes"),
        ("deep/" * 200 + "leaf", "longer than 895 bytes"),
        (".reactor", "kept for the folder's index"),
        (".REACTOR/index.json", "kept for the folder's index"),
        (".reactor. /x", "kept for the folder's index"),
        ("\udcff.bin", "isn't Unicode"),
    ],
)
def test_a_key_that_is_unsafe_anywhere_is_refused(key: str, why: str) -> None:
    with pytest.raises(UnsafeKeyError) as caught:
        safe_paths(["good", key])
    assert why in str(caught.value)
    assert repr(key) in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "A"), ("d/é", "d/e\u0301"), ("straße", "STRASSE"), ("a", "a."), ("a", "a "), ("D/x", "d/X")],
)
def test_two_keys_that_are_one_file_elsewhere_are_refused(one: str, other: str) -> None:
    with pytest.raises(UnsafeKeyError, match="one file on some systems"):
        safe_paths([one, other])


@pytest.mark.parametrize("keys", [("a", "a/b"), ("a/b/c", "a/b"), ("A/b", "a"), ("x", "a/b/c/d", "a/B")])
def test_a_file_that_is_a_folder_too_is_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(UnsafeKeyError, match="needs a folder of this name"):
        safe_paths(keys)


def test_a_key_twice_is_refused() -> None:
    with pytest.raises(UnsafeKeyError, match="comes twice"):
        safe_paths(["a", "b", "a"])


def test_markers_and_the_index_are_left_out() -> None:
    assert list(safe_paths(["", "a/", "a/b", "c/d/", ".reactor/index.json", ".reactor/"])) == ["a/b"]


@given(KEYS)
def test_whatever_the_keys_are_paths_stay_inside(keys: list[str]) -> None:
    try:
        paths = safe_paths(keys)
    except UnsafeKeyError:
        return
    assert set(paths) <= set(keys)
    root = Path("/root-of/weights")
    for key, path in paths.items():
        assert not path.is_absolute()
        assert str(path) == key
        assert root.joinpath(path).resolve(strict=False).is_relative_to(root)
        assert ".." not in path.parts
    folded = [unicodedata.normalize("NFC", key).casefold() for key in paths]
    assert len(set(folded)) == len(folded)


@given(KEYS)
def test_each_key_is_a_path_or_left_out_or_refused(keys: list[str]) -> None:
    try:
        paths = safe_paths(keys)
    except UnsafeKeyError as error:
        assert str(error)
        return
    left_out = {key for key in keys if not key or key.endswith("/") or key.startswith(".reactor/")}
    assert set(paths) == set(keys) - left_out


@given(st.text())
def test_a_folder_name_that_passes_is_one_part(name: str) -> None:
    try:
        check_folder_name(name)
    except UnsafeKeyError:
        return
    assert Path("/cache", name).resolve(strict=False).parent == Path("/cache")
    assert safe_paths([name]) == {name: PurePosixPath(name)}
