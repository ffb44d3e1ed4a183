"""`reactor init --frontend`: what it writes, and what it refuses."""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from reactor_cli import new_frontend
from reactor_cli.errors import CliError, UsageProblem
from reactor_cli.new_frontend import make_frontend_folder
from reactor_cli.new_model import make_model_folder
from support.limits import PATIENCE_S

_SDK = Path(__file__).parents[3] / "clients" / "js"


@pytest.fixture(autouse=True)
def sdk(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A packed SDK: what is in it doesn't matter to who writes a folder."""
    packed = tmp_path_factory.mktemp("sdk") / "reactor-local-js-sdk-9.9.9.tgz"
    packed.write_bytes(b"\x1f\x8b packed")
    monkeypatch.setattr(new_frontend, "packed_sdk", lambda: packed)
    return packed


def _reactor(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "reactor_cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_the_page_brings_its_sdk_along(tmp_path: Path, sdk: Path) -> None:
    folder, _ = make_frontend_folder(tmp_path / "My-Page")
    package = json.loads((folder / "package.json").read_text())
    assert package["name"] == "my-page"
    assert package["dependencies"]["@reactor-local/js-sdk"] == f"file:sdk/{sdk.name}"
    assert (folder / "sdk" / sdk.name).read_bytes() == sdk.read_bytes()


def test_the_page_has_what_the_example_has_and_nothing_that_was_built_there(tmp_path: Path) -> None:
    folder, _ = make_frontend_folder(tmp_path / "page")
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert {"README.md", "index.html", "package.json", "vite.config.ts", "src/main.tsx", "src/style.css"} <= found
    assert not {name for name in found if name.startswith(("node_modules", "dist", "package-lock"))}


def test_it_asks_for_the_model_beside_it(tmp_path: Path) -> None:
    make_model_folder(tmp_path / "sky", "video")
    folder, model = make_frontend_folder(tmp_path / "page")
    assert model == "sky"
    assert 'modelName="sky"' in (folder / "src" / "main.tsx").read_text()
    assert "<title>sky</title>" in (folder / "index.html").read_text()


def test_it_asks_for_the_model_whose_folder_it_is_in(tmp_path: Path) -> None:
    make_model_folder(tmp_path / "sky", "video")
    make_model_folder(tmp_path / "sea", "video")
    _, model = make_frontend_folder(tmp_path / "sea" / "page")
    assert model == "sea"


@pytest.mark.parametrize("manifests", [[], ["sky", "sea"]])
def test_without_a_single_model_it_names_none(tmp_path: Path, manifests: list[str]) -> None:
    for name in manifests:
        make_model_folder(tmp_path / name, "video")
    folder, model = make_frontend_folder(tmp_path / "page")
    assert model is None
    assert 'modelName="my-model"' in (folder / "src" / "main.tsx").read_text()


@pytest.mark.parametrize("manifest", ["", "[]", '{"model_name": 3}', '{"model_name": "a\\"} onLoad={alert(1)}"}'])
def test_a_manifest_that_says_no_usable_name_is_passed_over(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "manifest.json").write_text(manifest)
    assert make_frontend_folder(tmp_path / "page")[1] is None


def test_a_name_that_cant_be_one_is_refused_with_one_that_can(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"can't be a page's name.*reactor init --frontend page-3d$"):
        make_frontend_folder(tmp_path / "3d")
    assert list(tmp_path.iterdir()) == []


def _installed(folder: Path, monkeypatch: pytest.MonkeyPatch, pack: str | None) -> Path:
    """An installation in `folder`; `pack` is the script that makes a clone's SDK."""
    monkeypatch.undo()
    package = folder / "cli" / "reactor_cli"
    (package / "sdk").mkdir(parents=True)
    (package / "templates").symlink_to(Path(new_frontend.__file__).parent / "templates")
    monkeypatch.setattr(resources, "files", lambda _package: package)
    if pack is not None:
        (folder / "scripts").mkdir()
        (folder / "scripts" / "pack").write_text(f"#!/bin/sh\n{pack}\n")
        (folder / "scripts" / "pack").chmod(0o755)
    return package


def test_a_clone_packs_its_sdk_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = _installed(tmp_path, monkeypatch, f"echo new > {tmp_path}/cli/reactor_cli/sdk/sdk-1.2.3.tgz")
    folder, _ = make_frontend_folder(tmp_path / "page")
    assert (folder / "sdk" / "sdk-1.2.3.tgz").read_bytes() == (package / "sdk" / "sdk-1.2.3.tgz").read_bytes()


@pytest.mark.parametrize(("pack", "said"), [("exit 1", "can't be packed.*scripts/pack$"), (None, "no browser SDK")])
def test_without_an_sdk_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: str | None, said: str
) -> None:
    _installed(tmp_path, monkeypatch, pack)
    with pytest.raises(CliError, match=said):
        make_frontend_folder(tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_template_of_models_has_no_meaning_for_a_page(tmp_path: Path) -> None:
    done = _reactor(tmp_path, "init", "page", "--frontend", "--template", "webcam")
    assert done.returncode == 2
    assert "--template is for models" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("example", ["react-minimal", "nextjs"])
def test_the_examples_name_the_version_that_the_sdk_has(example: str) -> None:
    sdk = json.loads((_SDK / "package.json").read_text())
    folder = _SDK / "examples" / example
    assert json.loads((folder / "package.json").read_text())["dependencies"][sdk["name"]] == sdk["version"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"][f"node_modules/{sdk['name']}"]
    packed = f"reactor-local-js-sdk-{sdk['version']}.tgz"
    assert (locked["version"], (folder / locked["resolved"].removeprefix("file:")).resolve()) == (
        sdk["version"],
        Path(new_frontend.__file__).parent / "sdk" / packed,
    )
    assert locked["dependencies"] == sdk["dependencies"]
    assert "integrity" not in locked  # it is packed anew in each clone
