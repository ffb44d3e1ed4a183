"""The contract as JSON Schema: `python -m reactor_protocol.schema` prints it."""

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from reactor_protocol import application, capabilities, frontend, manifest, runtime


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


def _tagged(schema: dict[str, Any]) -> dict[str, Any]:
    """Require every message's `type`: it has a default in Python, but readers tell messages apart by it."""
    for model in [schema, *schema.get("$defs", {}).values()]:
        if "const" in model.get("properties", {}).get("type", {}):
            model["required"] = ["type", *model.get("required", [])]
    return schema


def main() -> None:
    """Print all schemas as one JSON object."""
    json.dump(contract_schemas(), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
