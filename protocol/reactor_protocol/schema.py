"""The contract as JSON Schema: `python -m reactor_protocol.schema [PART]` prints it.

`manifest.schema.json` beside this module is the part `manifest`, shipped for editors.
"""

import json
import sys
from importlib import resources
from typing import Any

from pydantic import TypeAdapter

from reactor_protocol import application, capabilities, frontend, manifest, runtime

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MANIFEST_SCHEMA = "manifest.schema.json"


def contract_schemas() -> dict[str, dict[str, Any]]:
    """Name -> JSON Schema (draft 2020-12) of every part of the contract."""
    parts: dict[str, Any] = {
        "client-to-coordinator": frontend.ClientMessage,
        "coordinator-to-client": frontend.ServerMessage,
        "runtime-to-client": application.RuntimeMessage,
        "model-to-client": application.ApplicationMessage,
        "capabilities": capabilities.Capabilities,
        "prepare": runtime.PrepareRequest,
        "start-session": runtime.StartSessionRequest,
        "stop-session": runtime.StopSessionRequest,
        "session": runtime.SessionInfo,
        "runtime-event": runtime.RuntimeEvent,
        "problem": runtime.ProblemDetails,
        "manifest": manifest.Manifest,
    }
    return {name: _tagged(TypeAdapter(part).json_schema(by_alias=True)) for name, part in parts.items()}


def manifest_schema() -> str:
    """The JSON Schema of `manifest.json` as it is shipped: what editors complete and check it with."""
    return resources.files(__package__).joinpath(MANIFEST_SCHEMA).read_text("utf-8")


def _tagged(schema: dict[str, Any]) -> dict[str, Any]:
    """Require every message's `type`: it has a default in Python, but readers tell messages apart by it."""
    for model in [schema, *schema.get("$defs", {}).values()]:
        if "const" in model.get("properties", {}).get("type", {}):
            model["required"] = ["type", *model.get("required", [])]
    return schema


def main() -> None:
    """Print all schemas as one JSON object, or the one that was asked for."""
    schemas = contract_schemas()
    if len(sys.argv) > 1 and sys.argv[1] not in schemas:
        sys.exit(f"there is no part {sys.argv[1]!r}; there are: {', '.join(schemas)}")
    chosen = {"$schema": DIALECT, **schemas[sys.argv[1]]} if len(sys.argv) > 1 else schemas
    json.dump(chosen, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
