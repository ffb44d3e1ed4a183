"""What the page about registries says, held against the code."""

import hashlib
from pathlib import Path

import pytest

from reactor_runtime.weights.hashes import PART_BYTES
from reactor_runtime.weights.index import INDEX_PATH, FolderIndex
from reactor_runtime.weights.models import ModelVersion
from reactor_runtime.weights.registry import DEFAULT_REGISTRY
from reactor_runtime.weights.s3 import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from reactor_runtime.weights.store import open_store

PAGE = (Path(__file__).parents[3] / "docs" / "registry.md").read_text()


def test_the_index_on_the_page_is_one() -> None:
    index = FolderIndex.model_validate_json(PAGE.split("```json\n", 1)[1].split("```", 1)[0])
    hello = hashlib.sha256(b"hello").hexdigest()
    assert [(file.size_bytes, file.sha256, file.parts) for file in index.files] == [(5, hello, (hello,))]


def test_the_layout_is_the_one_of_the_code() -> None:
    assert f"Folder/{INDEX_PATH} " in PAGE
    assert f"{ModelVersion('NAME', 'VERSION').prefix}manifest.json " in PAGE


@pytest.mark.parametrize("registry", ["reactor-models", "s3://reactor-models", "file:///srv/models"])
def test_the_registries_on_the_page_can_be_opened(registry: str) -> None:
    assert f"| `{registry}` |" in PAGE
    assert open_store(registry).location in {"s3://reactor-models", "file:///srv/models"}


def test_the_figures_on_the_page_are_those_of_the_code() -> None:
    assert f"8 MiB ({PART_BYTES:,} bytes)" in PAGE
    assert f"silent for {READ_TIMEOUT_S:.0f} s, or gives no connection within {CONNECT_TIMEOUT_S:.0f} s" in PAGE
    assert f"the bucket `{DEFAULT_REGISTRY}`" in PAGE
