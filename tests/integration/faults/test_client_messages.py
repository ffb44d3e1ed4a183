"""What a client may send that nobody understands, that is too large or too much: it is told, and all else goes on."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from livekit import rtc

from reactor_client import ReactorClient
from reactor_coordinator.client_socket import BURST, PER_S
from reactor_protocol.application import CommandErrorData
from support.aftermath import rss_mib, session_of
from support.client_process import client_process
from support.coordinator_process import Client, welcomed
from support.limits import PATIENCE_S, SLOW
from support.stack import Stack
from support.viewer import instance, next_event, next_message, numbered

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

TOPIC = "application"
LARGE = 20_000_000
FLOOD = 3000
FLOOD_PER_S = 1000
ANSWER_S = 5.0 * SLOW
"""Tens of milliseconds on an idle machine; the flood comes from the process that asks, so most of it is its own."""
GAP_S = 2.0 * SLOW


# --- on the WebSocket -----------------------------------------------------------------------------------------------

Message = str | bytes | list[str]

REFUSED: list[tuple[str, Message, str]] = [
    ("binary", b"\x00\x01", "BAD_MESSAGE"),
    ("empty", "", "BAD_MESSAGE"),
    ("not JSON", "hello", "BAD_MESSAGE"),
    ("an array", "[1]", "BAD_MESSAGE"),
    ("null", "null", "BAD_MESSAGE"),
    ("no type", "{}", "BAD_MESSAGE"),
    ("a number as type", '{"type": 3}', "BAD_MESSAGE"),
    ("NaN", '{"type": "x", "data": {"n": NaN}}', "BAD_MESSAGE"),
    ("deep", "[" * 60_000, "BAD_MESSAGE"),
    ("null data of a request", '{"type": "sessionSetup", "data": null}', "BAD_MESSAGE"),
    ("wrong types", '{"type": "sessionSetup", "data": {"modelName": 1, "modelVersion": []}}', "BAD_MESSAGE"),
    ("an array as data", '{"type": "sessionEnd", "data": [1]}', "BAD_MESSAGE"),
    ("asked twice", '{"type": "sessionSetup", "data": {"modelName": "a", "modelVersion": "1"}}', "ALREADY_IN_SESSION"),
    ("20 MB of text", "ä" * (LARGE // 2), "MESSAGE_TOO_LARGE"),
    ("20 MB of bytes", b"y" * LARGE, "MESSAGE_TOO_LARGE"),
    ("20 MB in fragments", ["y" * (LARGE // 20)] * 20, "MESSAGE_TOO_LARGE"),
]


async def test_bad_messages_of_an_owner_are_answered_and_its_session_goes_on(sound: Stack) -> None:
    async with welcomed(sound.url) as owner, welcomed(sound.url) as waiting:
        granted = await owner.start()
        await waiting.ask()
        assert (await waiting.skip_to("waiting-info"))["position"] == 1
        for client in (owner, waiting):
            for name, message, code in REFUSED:
                await client.socket.send(message)
                assert (await client.skip_to("error"))["code"] == code, name
            await client.socket.send('{"type": "who knows", "data": null}')
            assert (await client.skip_to("echo"))["echo"] == {"type": "who knows", "data": None}
        assert await session_of(sound) == granted["sessionId"]
        await owner.socket.send('{"type": "sessionEnd", "data": null}')
        await waiting.skip_to("gpu-machine-assigned")


async def test_text_that_is_not_utf8_is_answered(sound: Stack) -> None:
    async with welcomed(sound.url) as client:
        await client.socket.send(b'{"type": "\xff"}', text=True)
        assert (await client.expect("error"))["code"] == "BAD_MESSAGE"
        await client.send("still", there=True)
        await client.expect("echo")


async def flood(send: Callable[[int], Awaitable[None]]) -> None:
    """Send 3,000 at 1,000 a second, or at as many as this machine can."""
    began_s = time.monotonic()
    for number in range(FLOOD):
        await send(number)
        await asyncio.sleep(max(0.0, began_s + number / FLOOD_PER_S - time.monotonic()))


async def answers_s(ask: Callable[[], Awaitable[Any]], until: asyncio.Task[None]) -> list[float]:
    """How long answers take while that task runs."""
    took_s: list[float] = []
    while not until.done():
        began_s = time.monotonic()
        await ask()
        took_s.append(time.monotonic() - began_s)
        await asyncio.sleep(0.05)
    return sorted(took_s)


@pytest.mark.parametrize("large", [False, True], ids=["small", "64 KiB"])
async def test_a_thousand_messages_a_second_disturb_nobody_else(sound: Stack, large: bool) -> None:
    async with client_process(sound.url) as owner, welcomed(sound.url) as other, welcomed(sound.url) as flooding:
        await owner.sees()
        session, rss = await session_of(sound), rss_mib(sound, "coordinator")
        message = json.dumps({"type": "x", "data": {"text": "y" * (60_000 if large else 10)}})
        heard: list[str] = []
        reading = asyncio.create_task(listen(flooding, heard))
        began_s = time.monotonic()
        sending = asyncio.create_task(flood(lambda _number: flooding.socket.send(message)))

        async def ask() -> None:
            await other.send("ping")
            await other.skip_to("echo")

        took_s = await answers_s(ask, sending)
        await sending
        await owner.sees()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        spent_s = time.monotonic() - began_s
        assert BURST <= heard.count("echo") <= BURST + PER_S * spent_s
        assert 1 <= heard.count("error") <= spent_s + 1
        assert took_s[-1] < ANSWER_S
        assert owner.gaps_s(began_s)[-1] < GAP_S
        assert rss_mib(sound, "coordinator") < rss + 16
        assert await session_of(sound) == session


async def listen(client: Client, heard: list[str]) -> None:
    while True:
        heard.append(json.loads(await client.socket.recv())["type"])


# --- on the data channel --------------------------------------------------------------------------------------------

REFUSED_COMMANDS: list[tuple[str, str, str]] = [
    ("empty", "", "BAD_MESSAGE"),
    ("not JSON", "hello", "BAD_MESSAGE"),
    ("an array", "[1]", "BAD_MESSAGE"),
    ("null", "null", "BAD_MESSAGE"),
    ("no type", "{}", "BAD_MESSAGE"),
    ("a number as type", '{"type": 3}', "BAD_MESSAGE"),
    ("NaN", '{"type": "mirror", "data": {"text": NaN}}', "BAD_MESSAGE"),
    ("deep", "[" * 1_000_000, "BAD_MESSAGE"),
    ("an array in the envelope", '{"type": "application", "data": []}', "BAD_MESSAGE"),
    ("null in the envelope", '{"type": "application", "data": null}', "BAD_MESSAGE"),
    ("an array as data", '{"type": "start", "data": [1]}', "BAD_MESSAGE"),
    ("unknown", '{"type": "fly", "data": {}}', "UNKNOWN_COMMAND"),
    (
        "wrong types",
        '{"type": "set_timesteps", "data": {"step1": "1", "step2": 2.5, "step3": null}}',
        "INVALID_ARGUMENTS",
    ),
    ("null data of a command that wants some", '{"type": "mirror", "data": null}', "INVALID_ARGUMENTS"),
    ("20 MB", "y" * LARGE, "MESSAGE_TOO_LARGE"),
]


async def test_bad_commands_are_told_and_the_session_goes_on(sound: Stack) -> None:
    async with ReactorClient(sound.url) as client:
        events, messages = client.events(), client.messages()
        participant = local(client)
        rss = rss_mib(sound, "runtime")
        for name, text, code in REFUSED_COMMANDS:
            await participant.send_text(text, topic=TOPIC)
            assert (await next_event(events, CommandErrorData)).code == code, name
        await participant.send_text('{"type": "start", "data": null}', topic=TOPIC)
        assert (await next_message(messages, "called"))["command"] == "start"
        await numbered(client.frames(), 3)
        assert rss_mib(sound, "runtime") < rss + 100


async def test_bytes_that_are_no_texts_are_ignored(sound: Stack) -> None:
    async with ReactorClient(sound.url) as client:
        participant, messages = local(client), client.messages()
        await participant.publish_data(b"\x00\x01" * 500, topic=TOPIC)
        writer = await participant.stream_bytes("x", topic=TOPIC)
        await writer.write(b"\xff" * 100_000)
        await writer.aclose()
        assert await instance(client, messages)
        await numbered(client.frames(), 3)


async def test_a_thousand_commands_a_second_are_run_or_refused_while_all_else_goes_on(sound: Stack) -> None:
    async with ReactorClient(sound.url) as client:
        messages = client.messages()
        participant, rss = local(client), rss_mib(sound, "runtime")
        heard = asyncio.create_task(_answers(messages))

        async def send(number: int) -> None:
            text = json.dumps({"type": "mirror", "data": {"text": str(number)}})
            await participant.send_text(text, topic=TOPIC)

        async def ask() -> None:
            assert (await sound.ask_runtime("/session")).json() is not None

        sending = asyncio.create_task(flood(send))
        took_s = await answers_s(ask, sending)
        await sending
        assert took_s[-1] < ANSWER_S
        assert rss_mib(sound, "runtime") < rss + 100
        # What was too much was refused; what was taken is answered in order, and the session goes on.
        async with asyncio.timeout(PATIENCE_S):
            while not heard.done():
                await client.send_command("mirror", text="last")
                await asyncio.wait({heard}, timeout=1.0)
        numbers = heard.result()
        assert numbers == sorted(numbers)
        await numbered(client.frames(), 3)


async def _answers(messages: Any) -> list[int]:
    numbers: list[int] = []
    while (text := (await next_message(messages, "mirror"))["text"]) != "last":
        numbers.append(int(text))
    return numbers


def local(client: ReactorClient) -> rtc.LocalParticipant:
    """The SDK's own sending side, without our client's checks."""
    assert client._conversation is not None
    return client._conversation.room()._room.local_participant
