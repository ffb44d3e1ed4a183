"""An environment of its own for installations: what is installed into it touches no other."""

import subprocess
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """The interpreter of an environment that sees the packages of this one and takes new ones for itself."""
    folder = tmp_path / "environment"
    venv.create(folder, symlinks=True)
    packages = sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
    inherited = sysconfig.get_path("purelib")
    Path(packages, "inherited.pth").write_text(f"import site; site.addsitedir({inherited!r})\n")
    return folder / "bin" / "python"


@pytest.fixture
def write_wheel(tmp_path: Path) -> Callable[..., Path]:
    """Write a pure wheel into `tmp_path/wheels`; it holds one module of the package's name."""
    folder = tmp_path / "wheels"
    folder.mkdir()

    def write(name: str, version: str = "1.0", *requires: str) -> Path:
        info = f"{name}-{version}.dist-info"
        needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", f"version = {version!r}\n")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        return folder

    return write


@pytest.fixture
def python(environment: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run code in that environment."""

    def run(code: str) -> subprocess.CompletedProcess[str]:
        command = [str(environment), "-P", "-c", code]
        return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    return run
