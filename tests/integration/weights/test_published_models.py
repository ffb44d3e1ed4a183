"""Models in the registry: the same for a directory and for a bucket."""

import json
import random
import shutil
from pathlib import Path

import pytest

from reactor_protocol.capabilities import Capabilities
from reactor_runtime.errors import ManifestError
from reactor_runtime.weights.errors import (
    CorruptFolderError,
    FolderMissingError,
    ObjectExistsError,
    ObjectMissingError,
    RegistryError,
    UnsafeKeyError,
)
from reactor_runtime.weights.models import ModelVersion, Published, manifest_of, publish, resolve, versions
from reactor_runtime.weights.store import ObjectStore, open_store

ORDERED = [
    *("0.9.0-rc.1", "0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"),
    *("1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.0+build.2", "1.2.0", "1.10.0", "2.0.0-0", "2.0.0-rc.1"),
]
"""The example of https://semver.org, 11, with some around it."""


def make_model(folder: Path, version: str = "1.0.0", **more: object) -> Path:
    folder.mkdir(exist_ok=True)
    manifest = {
        "reactor-runtime": "0.0.4",
        "class": "model_world:World",
        "model_name": "world",
        "model_version": version,
        **more,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "model_world.py").write_text(
        "from reactor_runtime import VideoModel, command\n"
        "class World(VideoModel):\n"
        "    def start_session(self): ...\n"
        "    @command('jump')\n"
        "    def jump(self): ...\n"
    )
    return folder


def put_version(store: ObjectStore, version: str, name: str = "world") -> None:
    for file in ("manifest.json", "capabilities.json"):
        store.put(f"_models/{name}/{version}/{file}", b"{}")


@pytest.fixture
def registry(tmp_path: Path) -> ObjectStore:
    (tmp_path / "registry").mkdir()
    return open_store((tmp_path / "registry").as_uri())


def test_a_model_is_published_once(store: ObjectStore, tmp_path: Path) -> None:
    folder, model = make_model(tmp_path / "model"), ModelVersion("world", "1.0.0")
    assert publish(store, folder) == Published(model, created=True)
    keys = [info.key for info in store.list("")]
    assert keys == ["_models/world/1.0.0/capabilities.json", "_models/world/1.0.0/manifest.json"]
    assert publish(store, folder) == Published(model, created=False)
    manifest = store.head(keys[1])
    assert b"".join(store.read_range(keys[1], 0, manifest.size_bytes)) == (folder / "manifest.json").read_bytes()
    capabilities = b"".join(store.read_range(keys[0], 0, store.head(keys[0]).size_bytes))
    assert list(Capabilities.model_validate_json(capabilities).commands) == ["jump"]


def test_a_published_version_never_changes(store: ObjectStore, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    publish(store, folder)
    before = list(store.list(""))
    make_model(folder, description="another")
    with pytest.raises(ObjectExistsError, match=r"world@1\.0\.0 is published in .* Raise model_version"):
        publish(store, folder)
    make_model(folder)
    source = folder / "model_world.py"
    source.write_text(source.read_text().replace("'jump'", "'run'"))
    with pytest.raises(ObjectExistsError, match=r"another capabilities\.json"):
        publish(store, folder)
    assert list(store.list("")) == before


def test_the_manifest_is_read_from_the_registry(store: ObjectStore, tmp_path: Path) -> None:
    store.put("Weights/w", b"1")
    publish(store, make_model(tmp_path / "model", weights=["Weights"]))
    assert manifest_of(store, resolve(store, "world")).weights == ["Weights"]


def test_another_way_to_write_the_same_manifest_is_the_same(registry: ObjectStore, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    publish(registry, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(dict(reversed(manifest.items())), indent=4))
    assert publish(registry, folder).created is False


def test_a_publication_that_was_interrupted_is_completed(registry: ObjectStore, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    publish(registry, folder)
    (tmp_path / "registry/_models/world/1.0.0/capabilities.json").unlink()
    assert versions(registry, "world") == []
    assert publish(registry, folder) == Published(ModelVersion("world", "1.0.0"), created=True)
    assert versions(registry, "world") == [ModelVersion("world", "1.0.0")]


def test_weights_that_are_not_in_the_registry_are_named(registry: ObjectStore, tmp_path: Path) -> None:
    registry.put("There/w", b"1")
    folder = make_model(tmp_path / "model", weights=["There", "Missing-1", "Missing-2"])
    with pytest.raises(FolderMissingError, match=r"Missing-1, Missing-2\. Upload them first: reactor upload"):
        publish(registry, folder)
    assert list(registry.list("_models/")) == []


def test_a_model_that_can_not_be_imported_is_not_published(registry: ObjectStore, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    (folder / "model_world.py").write_text("import nothing_like_that\n")
    with pytest.raises(RegistryError, match=r"so it isn't published:\n(.|\n)*nothing_like_that"):
        publish(registry, folder)
    assert list(registry.list("")) == []


def test_a_model_without_a_manifest_or_with_an_unsafe_name_is_refused(registry: ObjectStore, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model", model_name="../world")
    with pytest.raises(UnsafeKeyError, match="is no name of a model"):
        publish(registry, folder)
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(ManifestError):
        publish(registry, folder)


def test_versions_come_in_their_order(registry: ObjectStore) -> None:
    for version in random.Random(3).sample(ORDERED, len(ORDERED)):  # noqa: S311
        put_version(registry, version)
    put_version(registry, "9.9.9", name="world2")
    put_version(registry, "not-a-version")
    registry.put("_models/world/3.0.0/manifest.json", b"{}")
    assert [str(model) for model in versions(registry, "world")] == [f"world@{version}" for version in ORDERED]


@pytest.mark.parametrize("wanted", ["world", "world@latest"])
def test_the_latest_is_the_newest_release(registry: ObjectStore, wanted: str) -> None:
    for version in ORDERED:
        put_version(registry, version)
    assert resolve(registry, wanted) == ModelVersion("world", "1.10.0")


def test_the_latest_is_a_pre_release_if_there_is_nothing_else(registry: ObjectStore) -> None:
    for version in ("1.0.0-rc.2", "1.0.0-rc.10"):
        put_version(registry, version)
    assert resolve(registry, "world").version == "1.0.0-rc.10"


@pytest.mark.parametrize("version", ["1.0.0-alpha.beta", "1.0.0", "1.0.0+build.2"])
def test_a_version_can_be_named(registry: ObjectStore, version: str) -> None:
    for each in ORDERED:
        put_version(registry, each)
    assert resolve(registry, f"world@{version}") == ModelVersion("world", version)


def test_a_model_that_is_not_there_is_guessed(registry: ObjectStore) -> None:
    with pytest.raises(FolderMissingError, match="Publish it: reactor upload --model"):
        resolve(registry, "wrld")
    put_version(registry, "1.0.0")
    with pytest.raises(FolderMissingError, match=r"there is no model 'wrld' in file:///.*\. Did you mean 'world'\?"):
        resolve(registry, "wrld")


def test_a_version_that_is_not_there_lists_those_that_are(registry: ObjectStore) -> None:
    put_version(registry, "1.0.0")
    put_version(registry, "1.1.0")
    with pytest.raises(FolderMissingError, match=r"no world@2\.0\.0 in .*Versions of world: 1\.0\.0, 1\.1\.0\."):
        resolve(registry, "world@2.0.0")


@pytest.mark.parametrize("wanted", ["world@", "world@1", "world@newest", "world@1.0.0@2", "@1.0.0", "", "a/b"])
def test_what_names_no_model_is_refused(registry: ObjectStore, wanted: str) -> None:
    with pytest.raises(UnsafeKeyError):
        resolve(registry, wanted)


def test_a_published_manifest_that_can_not_be_used_is_said(registry: ObjectStore) -> None:
    put_version(registry, "1.0.0")
    with pytest.raises(CorruptFolderError, match=r"the manifest of world@1\.0\.0 .* can't be used"):
        manifest_of(registry, ModelVersion("world", "1.0.0"))
    with pytest.raises(ObjectMissingError):
        manifest_of(registry, ModelVersion("world", "2.0.0"))
