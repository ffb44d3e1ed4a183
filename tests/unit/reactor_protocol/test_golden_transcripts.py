"""The fixed parts of the contract, message by message: what was written once is read for ever, and written the same."""

import json
from typing import Any

import pytest

from reactor_protocol.application import parse_command, parse_message_to_client
from reactor_protocol.base import WireModel
from reactor_protocol.frontend import UnknownMessage, parse_client_message, parse_server_message, to_json
from reactor_protocol.runtime import (
    EVENT_TYPES,
    PrepareRequest,
    StartSessionRequest,
    StopSessionRequest,
    parse_runtime_event,
)
from support.golden import lines

REQUESTS: dict[str, type[WireModel]] = {
    "/prepare": PrepareRequest,
    "/start_session": StartSessionRequest,
    "/stop_session": StopSessionRequest,
}


def _name(value: Any) -> str:
    return json.dumps(value)[:60]


def _holds(written: Any, golden: Any) -> bool:
    """`written` has all that `golden` has; a newer writer may add keys."""
    if isinstance(golden, dict):
        return isinstance(written, dict) and all(key in written and _holds(written[key], golden[key]) for key in golden)
    return bool(written == golden)


@pytest.mark.parametrize("line", [x for x in lines("frontend") if x["from"] == "coordinator"], ids=_name)
def test_what_the_coordinator_says_is_read_and_written_unchanged(line: dict[str, Any]) -> None:
    message = parse_server_message(json.dumps(line["message"]))
    assert json.loads(to_json(message)) == line["message"]


@pytest.mark.parametrize("line", [x for x in lines("frontend") if x["from"] == "client"], ids=_name)
def test_what_a_front_end_says_is_read_and_written_with_nothing_lost(line: dict[str, Any]) -> None:
    message = parse_client_message(json.dumps(line["message"]))
    if line.get("unknown"):
        assert message == UnknownMessage(type=line["message"]["type"], message=line["message"])
    else:
        assert not isinstance(message, UnknownMessage)
        assert _holds(json.loads(to_json(message)), line["message"])


@pytest.mark.parametrize("line", lines("runtime_events"), ids=_name)
def test_a_runtime_event_is_read_and_written_unchanged(line: dict[str, Any]) -> None:
    assert json.loads(to_json(parse_runtime_event(json.dumps(line)))) == line


def test_every_runtime_event_is_in_the_transcript() -> None:
    assert {line["type"] for line in lines("runtime_events")} == EVENT_TYPES


@pytest.mark.parametrize("line", lines("runtime_requests"), ids=_name)
def test_a_request_to_the_runtime_is_read(line: dict[str, Any]) -> None:
    request = REQUESTS[line["route"]].model_validate_json(json.dumps(line["body"]))
    written = json.loads(to_json(request))
    assert written["session_id"] == line["body"]["session_id"]
    if "transport" in written:
        assert written["transport"] == {"kind": "livekit", "ws_url": "ws://127.0.0.1:7880", "jwt_token": "eyJ.a.b"}


@pytest.mark.parametrize("line", lines("commands"), ids=_name)
def test_a_command_seen_in_public_front_ends_is_read(line: dict[str, Any]) -> None:
    command = parse_command(json.dumps(line["text"]))
    assert (command.name, command.data) == (line["name"], line["data"])


@pytest.mark.parametrize("line", lines("to_client"), ids=_name)
def test_what_reaches_a_client_in_the_room_is_read_and_written_unchanged(line: dict[str, Any]) -> None:
    assert json.loads(to_json(parse_message_to_client(json.dumps(line)))) == line
