"""Published models: `_models/NAME/VERSION/manifest.json` and `capabilities.json` beside the weight folders."""

import difflib
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from reactor_protocol.manifest import FILE_NAME, Manifest
from reactor_runtime.weights.errors import (
    CorruptFolderError,
    FolderMissingError,
    ObjectExistsError,
    RegistryError,
    UnsafeKeyError,
)
from reactor_runtime.weights.names import check_folder_name
from reactor_runtime.weights.store import ObjectStore

MODELS = "_models"
"""The folder of a registry that holds the published models; no weight folder's name begins with `_`."""

LATEST = "latest"

_CAPABILITIES = "capabilities.json"
_DESCRIBE_TIMEOUT_S = 300.0  # it imports the model's libraries; torch from a cold disk takes a minute
_LARGEST_BYTES = 4 * 1024 * 1024  # a manifest has 1 kB
# https://semver.org; what may be in the parts is the manifest's own rule
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One published version; a version never changes."""

    name: str
    version: str

    @property
    def prefix(self) -> str:
        """How the keys of its objects begin."""
        return f"{MODELS}/{self.name}/{self.version}/"

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Published:
    """What `publish` did: `created` is False when the same was there already."""

    model: ModelVersion
    created: bool


def publish(store: ObjectStore, folder: Path) -> Published:
    """Publish the model in `folder` under the name and version of its manifest.

    The same contents once more are no error and change nothing. The model's class is imported in another process to
    learn its capabilities; its `__init__` isn't called.

    Raises:
        LoadError: the manifest isn't there or is wrong.
        RegistryError: the class can't be imported, a weight folder isn't in the registry yet (FolderMissingError), or
            this version is there with other contents (ObjectExistsError).
    """
    from reactor_runtime.manifest import load_manifest  # noqa: PLC0415 - needs `packaging`, which readers don't

    manifest = load_manifest(folder)
    model = ModelVersion(manifest.model_name, manifest.model_version)
    check_folder_name(model.name, "model")
    _require_weights(store, model, manifest.weights)
    capabilities = _capabilities(folder)
    created = _put_once(store, model, FILE_NAME, (folder / FILE_NAME).read_bytes())
    return Published(model, _put_once(store, model, _CAPABILITIES, capabilities) or created)


def versions(store: ObjectStore, name: str) -> list[ModelVersion]:
    """The published versions of a model, oldest first by semantic version; none if there is no such model.

    A version whose `publish` was interrupted isn't among them.
    """
    check_folder_name(name, "model")
    prefix = f"{MODELS}/{name}/"
    keys = {info.key.removeprefix(prefix) for info in store.list(prefix)}
    found = [version for key in keys if (version := key.removesuffix(f"/{FILE_NAME}")) != key]
    whole = [version for version in found if f"{version}/{_CAPABILITIES}" in keys and _VERSION.fullmatch(version)]
    return [ModelVersion(name, version) for version in sorted(whole, key=_precedence)]


def resolve(store: ObjectStore, wanted: str) -> ModelVersion:
    """The version that `name`, `name@latest` or `name@1.2.0` means.

    The latest is the newest release; a pre-release (`2.0.0-rc.1`) only if there is nothing else, or if it is named.

    Raises:
        UnsafeKeyError: it has another form.
        FolderMissingError: there is no such model or version; the text says which there are.
    """
    name, at, version = wanted.partition("@")
    version = version if at else LATEST
    if version != LATEST and not _VERSION.fullmatch(version):
        raise UnsafeKeyError(f"{wanted!r} names no model: write NAME, NAME@{LATEST} or NAME@1.2.0.")
    known = versions(store, name)
    if not known:
        raise FolderMissingError(f"there is no model {name!r} in {store.location}. {_hint(store, name)}")
    if version == LATEST:
        return next((one for one in reversed(known) if "-" not in one.version.partition("+")[0]), known[-1])
    exact = ModelVersion(name, version)
    if exact not in known:
        there = ", ".join(one.version for one in known[-10:])
        raise FolderMissingError(f"there is no {exact} in {store.location}. Versions of {name}: {there}.")
    return exact


def manifest_of(store: ObjectStore, model: ModelVersion) -> Manifest:
    """The manifest of a published version.

    Raises:
        ObjectMissingError: there is no such version.
        CorruptFolderError: it can't be used.
    """
    try:
        return Manifest.model_validate_json(_read(store, f"{model.prefix}{FILE_NAME}"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CorruptFolderError(
            f"the manifest of {model} in {store.location} can't be used: {'.'.join(map(str, first['loc']))}: "
            f"{first['msg']}. Publish a new version, or update this program."
        ) from None


def _require_weights(store: ObjectStore, model: ModelVersion, weights: list[str]) -> None:
    missing = [name for name in weights if next(store.list(f"{name}/"), None) is None]
    if missing:
        raise FolderMissingError(
            f"{model} needs weights that {store.location} doesn't have: {', '.join(missing)}. "
            "Upload them first: reactor upload --weights FOLDER"
        )


def _capabilities(folder: Path) -> bytes:
    command = [sys.executable, "-P", "-m", "reactor_runtime.worker.describe", str(folder.resolve())]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_DESCRIBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise RegistryError(
            f"importing the model in {folder} took longer than {_DESCRIBE_TIMEOUT_S:.0f} s. Load weights in __init__."
        ) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-2000:]
        raise RegistryError(f"the model in {folder} can't be imported, so it isn't published:\n{said}")
    return done.stdout


def _put_once(store: ObjectStore, model: ModelVersion, name: str, contents: bytes) -> bool:
    """Whether it is new. What is there already must say the same."""
    key = f"{model.prefix}{name}"
    try:
        store.put_new(key, contents)
    except ObjectExistsError:
        if not _same(_read(store, key), contents):
            raise ObjectExistsError(
                f"{model} is published in {store.location} with another {name}, and a published version never changes. "
                f"Raise model_version in {FILE_NAME}."
            ) from None
        return False
    return True


def _same(one: bytes, other: bytes) -> bool:
    """Whether two JSON texts say the same, however they are written."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _read(store: ObjectStore, key: str) -> bytes:
    info = store.head(key)
    if info.size_bytes > _LARGEST_BYTES:
        raise CorruptFolderError(f"{key} in {store.location} has {info.size_bytes} bytes: it isn't ours.")
    return b"".join(store.read_range(key, 0, info.size_bytes, etag=info.etag))


def _hint(store: ObjectStore, name: str) -> str:
    names = {info.key.split("/")[1] for info in store.list(f"{MODELS}/")}
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f"Did you mean {near[0]!r}?" if near else "Publish it: reactor upload --model"


def _precedence(version: str) -> tuple[object, ...]:
    """What semantic versions are ordered by (https://semver.org, 11); of equals, the text decides."""
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(version)
    numbers = tuple(map(int, found.group(1, 2, 3)))
    before = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in (found[4] or "").split(".") if part
    )
    return (numbers, not before, before, version)
