"""One process of the download benchmark: `put`, `ours`, `in turn` or `boto3`; prints its figures as JSON."""

import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import boto3.session
import psutil
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.config import Config
from types_boto3_s3 import S3Client

from reactor_runtime.weights.download import fetch_folder
from reactor_runtime.weights.download.limits import Limits
from reactor_runtime.weights.store import open_store
from reactor_runtime.weights.upload import upload_folder

_BUCKET = "weights"
_CONNECTIONS = 10
_MIB = 1024 * 1024
_SAMPLE_S = 0.02


def main() -> None:
    """Do it and say how long it took, how fast that was, and how much memory it needed."""
    how, name, place, *rest = sys.argv[1:]
    if how == "put":
        _put(name, Path(place), indexed=rest == ["index"])
        print("{}")
        return
    root = Path(place)
    fetch = {"ours": _ours, "in turn": _in_turn, "boto3": _boto3, "boto3 in turn": _boto3_in_turn}[how](name, root)
    with _Memory() as memory:
        started_s = time.perf_counter()
        fetch()
        seconds = time.perf_counter() - started_s
    mib = sum(path.stat().st_size for path in (root / name).rglob("*") if path.is_file()) / _MIB
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = usage.ru_utime + usage.ru_stime
    print(json.dumps({"seconds": seconds, "mib_s": mib / seconds, "growth_mib": memory.growth_mib, "cpu_s": cpu_s}))


def _ours(name: str, root: Path, connections: int = _CONNECTIONS) -> Callable[[], object]:
    store = open_store(_BUCKET, connections=connections)
    next(store.list(f"{name}/"))  # connected, as boto3 is: what is measured is the transfer
    limits = Limits(connections=connections)
    return lambda: fetch_folder(store, name, root=root, limits=limits, on_progress=lambda _progress: None)


def _in_turn(name: str, root: Path) -> Callable[[], object]:
    return _ours(name, root, connections=1)


def _boto3(name: str, root: Path) -> Callable[[], object]:
    client, keys = _bare(name, root)

    def fetch() -> None:
        with create_transfer_manager(client, _transfer_config()) as transfers:
            for sent in [transfers.download(_BUCKET, key, str(root / key)) for key in keys]:
                sent.result()

    return fetch


def _boto3_in_turn(name: str, root: Path) -> Callable[[], object]:
    client, keys = _bare(name, root)

    def fetch() -> None:
        with create_transfer_manager(client, _transfer_config()) as transfers:
            for key in keys:
                transfers.download(_BUCKET, key, str(root / key)).result()

    return fetch


def _bare(name: str, root: Path) -> tuple[S3Client, list[str]]:
    """A connected client, the keys of the folder's files, and a place for them."""
    client = _client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET, Prefix=f"{name}/")
    keys = [entry["Key"] for page in pages for entry in page["Contents"]]
    (root / name).mkdir()
    return client, [key for key in keys if "/.reactor/" not in key]


def _transfer_config() -> TransferConfig:
    return TransferConfig(max_concurrency=_CONNECTIONS, preferred_transfer_client="classic")


def _put(name: str, source: Path, *, indexed: bool) -> None:
    if indexed:
        upload_folder(open_store(_BUCKET), source, name)
        return
    client = _client()
    for path in source.iterdir():
        client.upload_file(str(path), _BUCKET, f"{name}/{path.name}")


def _client() -> S3Client:
    config = Config(signature_version="s3v4", max_pool_connections=_CONNECTIONS, s3={"addressing_style": "path"})
    return boto3.session.Session().client("s3", config=config)


class _Memory:
    """The most that this process has grown by, sampled."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._ended = threading.Event()
        self._before = self._highest = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def growth_mib(self) -> float:
        return (self._highest - self._before) / _MIB

    def __enter__(self) -> Self:
        self._before = self._highest = self._process.memory_info().rss
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SAMPLE_S):
            self._highest = max(self._highest, self._process.memory_info().rss)


if __name__ == "__main__":
    main()
