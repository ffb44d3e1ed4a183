"""Another disk at a folder, which only one command and its children see."""

import os
import shutil
import subprocess
from pathlib import Path

from support.parts import missing


def mounted(script: str, folder: Path | str) -> list[str]:
    """A prefix for a command that finds another disk at `folder`.

    Args:
        script: shell commands that mount at `$1`, then end by `shift` and `exec "$@"`.
    """
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        missing("needs the programs unshare and mount (Debian: util-linux, mount)")
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    prefix = [*own, "sh", "-c", script, "sh", str(folder)]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        missing("this user may not mount")
    return prefix


def entered(pid: int) -> list[str]:
    """A prefix for a command that finds the disks which that process sees."""
    own = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
    return ["nsenter", *own, "--mount", "--target", str(pid)]
