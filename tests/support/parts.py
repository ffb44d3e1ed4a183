"""Parts of a machine that some tests need: without one they are skipped, in CI they fail."""

import os
from typing import NoReturn

import pytest


def are_required() -> bool:
    """Whether this machine has to have every part: `CI` is set."""
    return bool(os.environ.get("CI"))


def missing(what: str) -> NoReturn:
    """End the test (or fixture) that needs a part which isn't here; `what`: it, and how to get it."""
    if are_required():
        pytest.fail(what)
    pytest.skip(what)
