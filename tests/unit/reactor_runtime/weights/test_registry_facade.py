"""The registry that the settings name, with directories as registries."""

import threading
from pathlib import Path

import pytest

from reactor_runtime.weights.errors import OfflineError, StoppedError, UnsafeKeyError
from reactor_runtime.weights.registry import Registry, RegistryProgress


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REACTOR_REGISTRY_CACHE", str(tmp_path / "cache"))
    for name in ("REACTOR_OFFLINE", "REACTOR_MODELS_BUCKET", "REACTOR_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def registry(tmp_path: Path, cache: Path) -> Registry:
    for name, size in (("Large", 30_000), ("Small", 10_000)):
        (tmp_path / "registry" / name).mkdir(parents=True)
        (tmp_path / "registry" / name / "w.bin").write_bytes(b"x" * size)
    return Registry((tmp_path / "registry").as_uri())


def test_folders_come_in_the_order_asked_for_once_each(registry: Registry, cache: Path) -> None:
    found = registry.fetch(["Small", "Large", "Small"])
    assert list(found.items()) == [("Small", cache / "Small"), ("Large", cache / "Large")]


def test_progress_is_of_all_folders_and_ends_with_all_bytes(registry: Registry) -> None:
    told: list[RegistryProgress] = []
    registry.fetch(["Large", "Small"], on_progress=told.append)
    assert {progress.total_bytes for progress in told} == {40_000}
    assert [progress.done_bytes for progress in told] == sorted(progress.done_bytes for progress in told)
    assert (told[-1].fraction, told[-1].folders, told[-1].now.folder) == (1.0, 2, "Small")


def test_what_is_complete_counts_as_nothing_and_asks_no_registry(registry: Registry) -> None:
    registry.fetch(["Large", "Small"])
    nowhere = Registry("file:///nowhere/at/all")
    assert set(nowhere.fetch(["Large", "Small"], on_progress=lambda _: pytest.fail("nothing to tell"))) == {
        "Large",
        "Small",
    }


def test_force_fetches_again_what_is_complete(registry: Registry, tmp_path: Path) -> None:
    registry.fetch(["Small"])
    (tmp_path / "registry" / "Small" / "w.bin").write_bytes(b"new")
    assert (registry.fetch(["Small"])["Small"] / "w.bin").read_bytes() != b"new"
    assert (registry.fetch(["Small"], force=True)["Small"] / "w.bin").read_bytes() == b"new"


def test_offline_all_that_is_missing_is_named_at_once(registry: Registry) -> None:
    registry.fetch(["Small"])
    with pytest.raises(OfflineError, match=r"Large, Other aren't complete.*--weights Large Other"):
        Registry(registry.location, offline=True).fetch(["Large", "Small", "Other"])


@pytest.mark.parametrize(("value", "offline"), [("true", True), ("1", True), ("", False), ("false", False)])
def test_the_environment_may_say_offline(
    cache: Path, monkeypatch: pytest.MonkeyPatch, value: str, offline: bool
) -> None:
    monkeypatch.setenv("REACTOR_OFFLINE", value)
    assert Registry().offline is offline


def test_the_registry_is_that_of_the_argument_the_environment_or_the_contract(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Registry().location == "reactor-models"
    monkeypatch.setenv("REACTOR_MODELS_BUCKET", "mine")
    assert (Registry().location, Registry("other").location) == ("mine", "other")


def test_a_path_is_refused_before_anything_is_fetched(registry: Registry, cache: Path) -> None:
    with pytest.raises(UnsafeKeyError):
        registry.fetch(["Small", "../Large"])
    assert not cache.exists()


def test_a_stop_ends_the_fetch(registry: Registry) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        registry.fetch(["Small"], stop=stop)
