"""`VideoModel.weights`, with a directory as the registry."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from reactor_runtime import VideoModel, WeightsError

MODEL = """
from reactor_runtime import VideoModel

class M(VideoModel):
    def start_session(self): ...
"""


class Place(SimpleNamespace):
    """Where things are in a test."""

    cache: Path
    registry: Path
    model: Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = Place(cache=tmp_path / "cache", registry=tmp_path / "registry", model=tmp_path / "model")
    found.model.mkdir()
    (found.registry / "Listed" / "part").mkdir(parents=True)
    (found.registry / "Listed" / "part" / "w.bin").write_bytes(b"weights")
    manifest = {
        "reactor-runtime": "0.0.4",
        "class": "model_m:M",
        "model_name": "m",
        "model_version": "1.0.0",
        "weights": ["Listed", "Other"],
    }
    (found.model / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setenv("REACTOR_REGISTRY_CACHE", str(found.cache))
    monkeypatch.setenv("REACTOR_MODELS_BUCKET", found.registry.as_uri())
    monkeypatch.delenv("REACTOR_OFFLINE", raising=False)
    return found


def _run(place: Place, file: str, source: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script that is a file of the model's folder."""
    script = place.model / file
    script.parent.mkdir(exist_ok=True)
    script.write_text(textwrap.dedent(source))
    return subprocess.run([sys.executable, str(script)], cwd=cwd, capture_output=True, text=True, check=False)


def test_a_script_beside_the_manifest_gets_what_is_listed_wherever_it_is_called_from(
    place: Place, tmp_path: Path
) -> None:
    done = _run(place, "model_m.py", f"{MODEL}\nprint(M.weights('Listed'))", cwd=tmp_path)
    assert done.stdout.strip() == str(place.cache / "Listed"), done.stderr
    assert (place.cache / "Listed" / "part" / "w.bin").read_bytes() == b"weights"
    assert "fetching weights: Listed" in done.stderr


def test_what_is_complete_is_not_fetched_again(place: Place, tmp_path: Path) -> None:
    _run(place, "model_m.py", f"{MODEL}\nM.weights('Listed')", cwd=tmp_path)
    place.registry.rename(tmp_path / "away")
    done = _run(place, "model_m.py", f"{MODEL}\nprint(M.weights('Listed'))", cwd=tmp_path)
    assert (done.stdout.strip(), done.stderr) == (str(place.cache / "Listed"), "")


def test_a_function_in_another_module_may_ask_the_base_class(place: Place, tmp_path: Path) -> None:
    (place.model / "parts").mkdir()
    (place.model / "parts" / "__init__.py").touch()
    (place.model / "parts" / "load.py").write_text(
        "from reactor_runtime import VideoModel\ndef path(): return VideoModel.weights('Listed')\n"
    )
    done = _run(place, "script.py", "from parts.load import path\nprint(path())", cwd=tmp_path)
    assert done.stdout.strip() == str(place.cache / "Listed"), done.stderr


def test_the_working_directory_may_be_the_models(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.model)
    assert VideoModel.weights("Listed") == place.cache / "Listed"


def test_an_unlisted_name_lists_those_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.model)
    with pytest.raises(WeightsError, match=r"'Quite' isn't listed in .*manifest\.json\. It lists Listed, Other"):
        VideoModel.weights("Quite")


def test_a_near_miss_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.model)
    with pytest.raises(WeightsError, match='Did you mean "Listed"'):
        VideoModel.weights("listed")


def test_offline_what_is_missing_is_named_with_what_to_do(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.model)
    monkeypatch.setenv("REACTOR_OFFLINE", "true")
    with pytest.raises(WeightsError, match=r"offline, and Listed isn't complete .* --weights Listed"):
        VideoModel.weights("Listed")


def test_without_a_manifest_only_what_is_here_can_be_used(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=f"there is no manifest.json .*{tmp_path}"):
        VideoModel.weights("Listed")
    (place.cache / "Listed").mkdir(parents=True)
    (place.cache / "Listed" / "w.bin").touch()
    assert VideoModel.weights("Listed") == place.cache / "Listed"


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc"])
def test_a_path_is_no_name(place: Place, name: str) -> None:
    with pytest.raises(WeightsError, match="is no name"):
        VideoModel.weights(name)


def test_without_a_setting_the_cache_is_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REACTOR_REGISTRY_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=str(tmp_path / ".cache" / "reactor_registry")):
        VideoModel.weights("A")
