"""Registries for tests: a directory, and a bucket of a real S3 server."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from reactor_runtime.weights.store import ObjectStore, open_store
from support.s3_server import S3Server


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket, and the environment in which it is reached."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    return s3_server.make_bucket(f"test-{uuid4().hex}")


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    """An empty registry of each kind."""
    if request.param == "directory":
        (tmp_path / "registry").mkdir()
        location = (tmp_path / "registry").as_uri()
    else:
        location = request.getfixturevalue("bucket")
    opened = open_store(location)
    yield opened
    opened.close()
