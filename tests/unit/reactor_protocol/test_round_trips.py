"""Whatever a model can hold goes over the wire and comes back equal, and is what the JSON Schema says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactor_protocol import application, capabilities, frontend, manifest, runtime
from reactor_protocol.base import WireModel
from reactor_protocol.schema import contract_schemas

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=3)

SCHEMAS = contract_schemas()
PARTS: dict[str, tuple[type[WireModel], ...]] = {
    "client-to-coordinator": get_args(frontend.ClientMessage),
    "coordinator-to-client": get_args(frontend.ServerMessage),
    "runtime-to-client": (application.RuntimeMessage,),
    "model-to-client": (application.ApplicationMessage,),
    "capabilities": (capabilities.Capabilities,),
    "prepare": (runtime.PrepareRequest,),
    "start-session": (runtime.StartSessionRequest,),
    "stop-session": (runtime.StopSessionRequest,),
    "session": (runtime.SessionInfo,),
    "runtime-event": get_args(runtime.RuntimeEvent),
    "problem": (runtime.ProblemDetails,),
    "manifest": (manifest.Manifest,),
}
MODELS = [(part, model) for part, models in PARTS.items() for model in models]


def instances(part: str, model: type[WireModel]) -> st.SearchStrategy[WireModel]:
    """Instances of a model, by way of the JSON that its schema allows."""
    return _from_schema(_schema_of(part, model)).map(lambda value: model.model_validate_json(json.dumps(value)))


def _schema_of(part: str, model: type[WireModel]) -> dict[str, Any]:
    """The model's own part of the exported schema."""
    exported = SCHEMAS[part]
    return {**exported.get("$defs", {}).get(model.__name__, exported), "$defs": exported.get("$defs", {})}


def _from_schema(schema: dict[str, Any], defs: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """JSON values that a schema of ours allows: the few keywords that pydantic writes for it."""
    defs = schema.get("$defs", {}) if defs is None else defs
    if "$ref" in schema:
        return _from_schema(defs[schema["$ref"].rpartition("/")[2]], defs)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return st.one_of([_from_schema(option, defs) for option in schema[key]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "type" not in schema:
        # `data: Any`: null is written as null and read as {}, so it doesn't come back equal.
        return OBJECTS | st.lists(JSON, max_size=2) | st.integers()
    return _of_type(schema, defs)


def _of_type(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    kind = schema["type"]
    if kind in {"object", "array"}:
        return _container(schema, defs)
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    text = st.text(min_size=schema.get("minLength", 0), max_size=12)
    scalars: dict[str, st.SearchStrategy[Any]] = {
        "string": st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
        if "pattern" in schema
        else text,
        "integer": st.integers(low, high),
        "number": st.floats(low, high, exclude_min="exclusiveMinimum" in schema, allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return scalars[kind]


def _container(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    if schema["type"] == "array":
        return st.lists(_from_schema(schema["items"], defs), max_size=3)
    if "properties" in schema:
        parts = {name: _from_schema(part, defs) for name, part in schema["properties"].items()}
        required = {name: part for name, part in parts.items() if name in schema.get("required", [])}
        return st.fixed_dictionaries(
            required, optional={name: part for name, part in parts.items() if name not in required}
        )
    inner = schema.get("additionalProperties")
    values = _from_schema(inner, defs) if isinstance(inner, dict) and inner else JSON
    return st.dictionaries(st.text(max_size=5), values, max_size=3)


@pytest.mark.parametrize(("part", "model"), MODELS, ids=lambda value: getattr(value, "__name__", value))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_a_message_comes_back_equal_and_follows_the_schema(
    part: str, model: type[WireModel], data: st.DataObject
) -> None:
    message = data.draw(instances(part, model))
    text = frontend.to_json(message)
    assert model.model_validate_json(text) == message
    jsonschema.Draft202012Validator(SCHEMAS[part]).validate(json.loads(text))


@pytest.mark.parametrize("part", sorted(PARTS))
def test_an_exported_schema_is_valid(part: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[part])


def test_every_exported_schema_has_its_models_tested() -> None:
    assert set(SCHEMAS) == set(PARTS)


def test_the_schemas_are_printed_as_one_json_object() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "reactor_protocol.schema"], capture_output=True, check=True, timeout=60
    )
    assert json.loads(printed.stdout) == SCHEMAS
    assert printed.stderr == b""


@pytest.mark.parametrize("name", ["sessionSetup", "gpu-machine-assigned", "waiting-info", "session-ended"])
def test_a_schema_names_its_message_types(name: str) -> None:
    assert name in json.dumps(SCHEMAS)
