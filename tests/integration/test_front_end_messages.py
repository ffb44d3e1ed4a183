"""Every message shape seen in public front ends reaches the model unchanged; what models send reaches the client."""

import json
from typing import Any

import pytest

from reactor_client import ReactorClient
from support.golden import lines
from support.stack import Stack
from support.viewer import next_message

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

COMMANDS = [line for line in lines("commands") if line["name"] != "requestCapabilities"]
DEFAULTS: dict[str, dict[str, Any]] = {
    "send_keyboard_state": dict.fromkeys("wasdqe", False),
}


@pytest.mark.parametrize("line", COMMANDS, ids=lambda line: json.dumps(line["text"])[:60])
async def test_a_command_reaches_its_method(stage: Stack, line: dict[str, Any]) -> None:
    async with ReactorClient(stage.url) as client:
        await client.send_text(json.dumps(line["text"]))
        called = await next_message(client.messages(), "called")
    assert called == {"command": line["name"], "arguments": DEFAULTS.get(line["name"], {}) | line["data"]}


async def test_keys_at_60_hz_all_arrive_in_order(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        messages = client.messages()
        for number in range(120):
            await client.send_command("send_keyboard_state", w=bool(number % 2))
        held = [(await next_message(messages, "called"))["arguments"]["w"] for _ in range(120)]
    assert held == [bool(number % 2) for number in range(120)]


async def test_a_command_sent_the_moment_the_status_is_ready_is_not_lost(stage: Stack) -> None:
    for _ in range(3):
        async with ReactorClient(stage.url) as client:
            await client.send_command("set_prompt", prompt="first")
            await client.send_command("start")
            messages = client.messages()
            assert (await next_message(messages, "called"))["command"] == "set_prompt"
            assert (await next_message(messages, "called"))["command"] == "start"


async def test_the_first_message_of_a_session_is_complete(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        messages = client.messages()
        assert await anext(messages) == {"type": "status", "data": {"status": "generating"}}
