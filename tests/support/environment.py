"""A Python environment of a test's own, and packages to install into it without a network."""

import sysconfig
import venv
import zipfile
from pathlib import Path


def make_environment(folder: Path) -> Path:
    """Make one that sees the packages of this environment and takes new ones for itself; return its interpreter."""
    venv.create(folder, symlinks=True)
    packages = sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
    inherited = sysconfig.get_path("purelib")
    Path(packages, "inherited.pth").write_text(f"import site; site.addsitedir({inherited!r})\n")
    return folder / "bin" / "python"


def write_wheel(folder: Path, name: str, version: str, *requires: str) -> None:
    """Write a package with one module of its name into `folder`."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
