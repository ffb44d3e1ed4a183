"""Another disk at a folder, which only one command sees."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def mounted(script: str, folder: Path | str) -> list[str]:
    """A prefix for a command that finds another disk at `folder`; skips the test where this user may not mount.

    Args:
        script: shell commands that mount at `$1`, then end by `shift` and `exec "$@"`.
    """
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        pytest.skip("needs unshare and mount")
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    prefix = [*own, "sh", "-c", script, "sh", str(folder)]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount")
    return prefix
