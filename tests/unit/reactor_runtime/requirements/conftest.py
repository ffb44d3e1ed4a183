"""An environment of its own for installations: what is installed into it touches no other."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from support import environment


@pytest.fixture
def write_wheel(tmp_path: Path) -> Callable[..., None]:
    """Write a package into `tmp_path/wheels`."""
    return partial(environment.write_wheel, tmp_path / "wheels")


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run code in an environment of the test's own."""
    interpreter = environment.make_environment(tmp_path / "environment")

    def run(code: str) -> subprocess.CompletedProcess[str]:
        command = [str(interpreter), "-P", "-c", code]
        return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    return run
