from pathlib import Path

import pytest

from reactor_runtime import VideoModel, WeightsError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REACTOR_REGISTRY_CACHE", str(tmp_path))
    return tmp_path


def test_a_folder_with_files_is_found(cache: Path) -> None:
    (cache / "Some-Model" / "part").mkdir(parents=True)
    (cache / "Some-Model" / "part" / "w.bin").write_bytes(b"1")
    assert VideoModel.weights("Some-Model") == cache / "Some-Model"


def test_a_missing_folder_names_the_path(cache: Path) -> None:
    with pytest.raises(WeightsError, match=str(cache / "Some-Model")):
        VideoModel.weights("Some-Model")


def test_an_empty_folder_is_not_complete(cache: Path) -> None:
    (cache / "Some-Model" / "part").mkdir(parents=True)
    with pytest.raises(WeightsError, match="is empty"):
        VideoModel.weights("Some-Model")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc"])
def test_a_path_is_no_name(cache: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="is no name"):
        VideoModel.weights(name)


def test_without_a_setting_the_cache_is_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REACTOR_REGISTRY_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(WeightsError, match=str(tmp_path / ".cache" / "reactor_registry" / "A")):
        VideoModel.weights("A")
