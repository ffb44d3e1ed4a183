"""Prints the packages that the project's extras need, without building the project: they are a layer of their own.

python requirements.py EXTRA...
"""

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path


def requirements(extras: Iterable[str]) -> list[str]:
    """What the project needs, and its extras; one that is made of others (`reactor-local[...]`) is not for images."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    return sorted({*project["dependencies"], *(line for extra in extras for line in optional[extra])})


if __name__ == "__main__":
    sys.stdout.write("\n".join(requirements(sys.argv[1:])) + "\n")
