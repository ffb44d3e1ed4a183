"""Registries for tests: a directory, and a bucket of a real S3 server."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from reactor_runtime.weights.store import ObjectStore, open_store
from support.s3_server import S3Server
from support.tcp_proxy import TcpProxy


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket, and the environment in which it is reached."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    return s3_server.make_bucket(f"test-{uuid4().hex}")


@pytest.fixture(params=["directory", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of an empty registry of each kind, in which the objects are files under their keys."""
    if request.param == "directory":
        (tmp_path / "registry").mkdir()
        return tmp_path / "registry"
    server: S3Server = request.getfixturevalue("s3_server")
    bucket: str = request.getfixturevalue("bucket")
    return server.root / bucket


@pytest.fixture
def store(objects: Path) -> Iterator[ObjectStore]:
    """The registry of `objects`."""
    opened = open_store(objects.name if objects.name.startswith("test-") else objects.as_uri())
    yield opened
    opened.close()


@pytest.fixture
def registry(bucket: str) -> Iterator[ObjectStore]:
    """The registry that is `bucket`."""
    opened = open_store(bucket)
    yield opened
    opened.close()


@pytest.fixture
def proxy(s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TcpProxy]:
    """On the way to the S3 server, whose address is its own from now on."""
    with TcpProxy(s3_server.port) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{running.port}")
        yield running
