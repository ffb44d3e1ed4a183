"""What `reactor init --frontend` writes is installed and built as a user does it."""

import os
import subprocess
import sys
from pathlib import Path

from reactor_cli.new_frontend import make_frontend_folder
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


def test_a_new_front_end_installs_and_builds_as_it_is_written(tmp_path: Path) -> None:
    folder, _ = make_frontend_folder(tmp_path / "my-page")
    _npm(folder, "install", "--prefer-offline", "--no-audit", "--no-fund")
    assert (folder / "node_modules" / "@reactor-local" / "js-sdk" / "dist" / "index.d.ts").is_file()
    _npm(folder, "run", "build")
    assert (folder / "dist" / "index.html").is_file()
