"""The JSON Schema of manifest.json that is shipped for editors."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from reactor_protocol.manifest import Manifest
from reactor_protocol.schema import DIALECT, contract_schemas, manifest_schema

ROOT = Path(__file__).parents[3]
GOOD: dict[str, Any] = {
    "reactor-runtime": "0.0.4",
    "class": "model_x:X",
    "model_name": "x",
    "model_version": "1.0.0",
}


def test_the_shipped_schema_is_the_one_of_the_model() -> None:
    wanted = {"$schema": DIALECT, **contract_schemas()["manifest"]}
    assert json.loads(manifest_schema()) == wanted, (
        "write it again: python -m reactor_protocol.schema manifest > protocol/reactor_protocol/manifest.schema.json"
    )


def test_the_schema_follows_its_own_dialect() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(manifest_schema()))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"$schema": "./manifest.schema.json"},
        {"max_fps": 30, "stop_timeout": 2.5, "weights": ["A"], "args": {"fps": 1}, "description": "d"},
        {"unknown": 1},
        {"class": "model_x.X"},
        {"model_version": "1.0"},
        {"video_input": "yes"},
        {"weights": "A"},
        {"max_fps": 0},
        {"model_name": ""},
    ],
)
def test_schema_and_model_agree(changes: dict[str, Any]) -> None:
    value = {**GOOD, **changes}
    by_schema = jsonschema.Draft202012Validator(json.loads(manifest_schema())).is_valid(value)
    try:
        Manifest.model_validate_json(json.dumps(value))
    except ValidationError:
        by_model = False
    else:
        by_model = True
    assert by_schema == by_model


@pytest.mark.parametrize("file", sorted(ROOT.glob("manifests/*/manifest.json")), ids=lambda file: file.parent.name)
def test_the_examples_follow_it(file: Path) -> None:
    jsonschema.validate(json.loads(file.read_text()), json.loads(manifest_schema()))


def test_every_key_is_described_to_editors() -> None:
    properties = json.loads(manifest_schema())["properties"]
    assert [name for name, one in properties.items() if not one.get("description")] == []


def test_one_part_can_be_printed_by_itself() -> None:
    done = _print("manifest")
    assert json.loads(done.stdout) == json.loads(manifest_schema())


def test_an_unknown_part_names_those_there() -> None:
    done = _print("manifets")
    assert done.returncode == 1
    assert "there are: client-to-coordinator" in done.stderr


def _print(part: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reactor_protocol.schema", part]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
