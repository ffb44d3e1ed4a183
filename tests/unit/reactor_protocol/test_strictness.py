"""What is wrong is refused with a sentence that helps; what is newer than we are is passed over."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reactor_protocol.application import ApplicationMessage, parse_command, parse_message_to_client
from reactor_protocol.base import MessageError
from reactor_protocol.frontend import (
    SessionEnd,
    SessionSetup,
    UnknownMessage,
    parse_client_message,
    parse_server_message,
)
from reactor_protocol.runtime import LiveKitTransport, StartSessionRequest, StopSessionRequest, parse_runtime_event

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NOT_MESSAGES = ["", "hello", "[]", "[1, 2]", "3", "null", '"text"', "{", "{}", '{"type": 3}', '{"data": {}}']


@pytest.mark.parametrize("text", NOT_MESSAGES)
def test_what_is_not_a_message_is_refused(text: str) -> None:
    for parse in (parse_client_message, parse_server_message, parse_command, parse_message_to_client):
        with pytest.raises(MessageError):
            parse(text)
    with pytest.raises(MessageError):
        parse_runtime_event(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_not_json_are_refused(number: str) -> None:
    with pytest.raises(MessageError):
        parse_client_message(f'{{"type": "x", "data": {{"n": {number}}}}}')
    with pytest.raises(MessageError):
        parse_command(f'{{"type": "x", "data": {{"n": {number}}}}}')
    with pytest.raises(MessageError):
        parse_server_message(f'{{"type": "welcome", "data": {{"message": "", "timestamp": {number}}}}}')


def test_deep_nesting_is_refused_and_does_not_crash() -> None:
    with pytest.raises(MessageError):
        parse_client_message('{"type": "x", "data": ' + "[" * 100_000 + "]" * 100_000 + "}")


@pytest.mark.parametrize(
    "data",
    [
        {"modelName": 3},
        {"modelName": "m", "modelVersion": 1.0},
        {"modelName": "m", "queueing": "false"},
        {"modelName": "m", "queueing": 1},
        {"modelName": "m", "videoCodecs": "vp9"},
        {"modelName": "m", "videoCodecs": [9]},
        {"modelName": "m", "resumeToken": 5},
        {},
    ],
)
def test_a_setup_with_wrong_types_is_refused_and_not_coerced(data: dict[str, Any]) -> None:
    with pytest.raises(MessageError, match=r"^sessionSetup\.data\.\w+"):
        parse_client_message(json.dumps({"type": "sessionSetup", "data": data}))


def test_a_refusal_never_repeats_the_value() -> None:
    secret = "eyJhbGciOi.secret"
    with pytest.raises(MessageError) as refusal:
        parse_client_message(json.dumps({"type": "sessionSetup", "data": {"modelName": "m", "videoCodecs": secret}}))
    assert secret not in str(refusal.value)
    assert "str" in str(refusal.value)


@pytest.mark.parametrize("text", ['{"type": "sessionEnd"}', '{"type": "sessionEnd", "data": null}'])
def test_missing_or_null_data_is_an_empty_object(text: str) -> None:
    assert parse_client_message(text) == SessionEnd()
    assert parse_command(text).data == {}


def test_null_data_of_a_model_message_is_an_empty_object() -> None:
    assert parse_message_to_client('{"type": "application", "data": null}') == ApplicationMessage(data={})


@pytest.mark.parametrize("data", [[], "x", 3, True])
def test_data_that_is_not_an_object_is_refused(data: object) -> None:
    with pytest.raises(MessageError, match="sessionSetup"):
        parse_client_message(json.dumps({"type": "sessionSetup", "data": data}))
    with pytest.raises(MessageError, match="expected the arguments as an object"):
        parse_command(json.dumps({"type": "start", "data": data}))


def test_unknown_keys_are_passed_over() -> None:
    setup = parse_client_message('{"type": "sessionSetup", "data": {"modelName": "m", "new": 1}, "more": 2}')
    assert isinstance(setup, SessionSetup)
    assert setup.data.model_name == "m"


def test_an_application_message_to_the_coordinator_is_of_unknown_type() -> None:
    message = parse_client_message('{"type": "application", "data": {"type": "start"}}')
    assert isinstance(message, UnknownMessage)


@pytest.mark.parametrize("inner", [None, [], "start", {}, {"type": 3}, {"type": "start", "data": [1]}])
def test_an_envelope_without_a_command_is_refused(inner: object) -> None:
    with pytest.raises(MessageError):
        parse_command(json.dumps({"type": "application", "data": inner}))


@pytest.mark.parametrize("extra", [{"sesion_id": "x"}, {"transport": {"ws_url": "ws://x"}}, {"join_timeout_s": 0}])
def test_a_request_of_another_process_of_ours_must_be_exact(extra: dict[str, Any]) -> None:
    body = {"session_id": "s", "transport": {"ws_url": "ws://x", "jwt_token": "t"}, **extra}
    with pytest.raises(ValidationError):
        StartSessionRequest.model_validate(body)


def test_an_empty_session_id_is_refused() -> None:
    with pytest.raises(ValidationError):
        StopSessionRequest(session_id="")


def test_a_token_is_not_in_a_printed_request() -> None:
    request = StartSessionRequest(session_id="s", transport=LiveKitTransport(ws_url="ws://x", jwt_token="secret-token"))
    assert "secret-token" not in repr(request)


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SessionEnd().type = "sessionEnd"  # type: ignore[misc]


@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    text = json.dumps(value)
    for parse in (parse_client_message, parse_server_message, parse_command, parse_message_to_client):
        try:
            parse(text)
        except MessageError as error:
            assert str(error)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_client_message, parse_server_message, parse_command, parse_message_to_client):
        try:
            parse(text)
        except MessageError as error:
            assert str(error)


@given(st.text().filter(lambda kind: kind not in {"sessionSetup", "sessionEnd"}), st.dictionaries(st.text(), JSON))
def test_an_unknown_type_keeps_the_whole_message(kind: str, rest: dict[str, Any]) -> None:
    value = {**rest, "type": kind}
    assert parse_client_message(json.dumps(value)) == UnknownMessage(type=kind, message=value)


@given(st.text(min_size=1).filter(lambda name: name != "application"), st.dictionaries(st.text(), JSON))
def test_a_command_is_the_same_wrapped_or_not(name: str, data: dict[str, Any]) -> None:
    inner = {"type": name, "data": data}
    assert parse_command(json.dumps(inner)) == parse_command(json.dumps({"type": "application", "data": inner}))
