"""What `reactor init --frontend` writes is installed and built as a user does it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from reactor_cli.new_frontend import SDK, make_frontend_folder
from support.limits import PATIENCE_S

_TOOLS = Path(sys.executable).parent  # Node comes with the environment


def _npm(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [_TOOLS / "npm", *arguments],
        cwd=folder,
        env=os.environ | {"PATH": f"{_TOOLS}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_S,  # npm over a slow line
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _installs_and_builds(folder: Path, sdk: str) -> None:
    _npm(folder, "install", "--prefer-offline", "--no-audit", "--no-fund")
    assert (folder / "node_modules" / sdk / "dist" / "index.d.ts").is_file()
    _npm(folder, "run", "build")
    assert (folder / "dist" / "index.html").is_file()


def test_a_new_front_end_installs_and_builds_as_it_is_written(tmp_path: Path) -> None:
    folder, _ = make_frontend_folder(tmp_path / "my-page")
    _installs_and_builds(folder, SDK)


def test_an_app_that_imports_another_sdk_takes_ours_by_one_line(tmp_path: Path) -> None:
    folder, _ = make_frontend_folder(tmp_path / "my-page")
    page, package = folder / "src" / "main.tsx", folder / "package.json"
    page.write_text(page.read_text("utf-8").replace(SDK, "the-package-it-imports"), "utf-8")
    told = json.loads(package.read_text("utf-8"))
    told["dependencies"]["the-package-it-imports"] = told["dependencies"].pop(SDK)
    package.write_text(json.dumps(told), "utf-8")
    _installs_and_builds(folder, "the-package-it-imports")
    assert not (folder / "node_modules" / SDK).exists()
