"""What a client may send, and what it is told: all of it at one coordinator, which no message may change."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from reactor_cli.livekit_server import Endpoint
from support.coordinator_process import Client, CoordinatorProcess, start_coordinator
from support.fake_runtime import serve_fake_runtime

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(livekit_server: Endpoint) -> AsyncIterator[CoordinatorProcess]:
    async with serve_fake_runtime() as runtime, start_coordinator(livekit_server, runtime.url) as started:
        await started.until_ready()
        yield started


async def test_an_unknown_type_is_echoed(door: CoordinatorProcess) -> None:
    async with door.client() as client:
        message = {"type": "ping", "data": {"n": [1, None]}, "extra": True}
        await client.socket.send(json.dumps(message))
        echo = await client.expect("echo")
        assert echo["echo"] == message
        assert isinstance(echo["timestamp"], float)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\x00\x01", "BAD_MESSAGE"),
        ("hello", "BAD_MESSAGE"),
        ("[1]", "BAD_MESSAGE"),
        ("null", "BAD_MESSAGE"),
        ("{}", "BAD_MESSAGE"),
        ('{"type": 3}', "BAD_MESSAGE"),
        ('{"type": "sessionSetup", "data": null}', "BAD_MESSAGE"),
        ('{"type": "sessionSetup", "data": {"modelName": 1}}', "BAD_MESSAGE"),
        ("[" * 60_000, "BAD_MESSAGE"),
        (json.dumps({"type": "x", "data": {"text": "y" * 70_000}}), "MESSAGE_TOO_LARGE"),
        (json.dumps({"type": "x", "data": {"text": "y" * 20_000_000}}), "MESSAGE_TOO_LARGE"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_bad_message_is_answered_and_the_socket_stays_open(
    door: CoordinatorProcess, message: str | bytes, code: str
) -> None:
    async with door.client() as client:
        await client.socket.send(message)
        assert (await client.expect("error"))["code"] == code
        await client.send("still", there=True)
        await client.expect("echo")


async def test_too_many_messages_are_refused_once_a_second(door: CoordinatorProcess) -> None:
    async with door.client() as client:
        began_s = time.monotonic()
        for number in range(1000):
            await client.send("n", number=number)
        asking = asyncio.create_task(ask_for_ever(client))
        kinds: list[str] = []
        while "last" not in kinds:
            message = await client.receive()
            kinds.append(message["data"]["echo"]["type"] if message["type"] == "echo" else message["type"])
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert 1 <= kinds.count("error") <= time.monotonic() - began_s + 1


async def ask_for_ever(client: Client) -> None:
    """Send what is refused as long as it comes too soon after the others."""
    while True:
        await client.send("last")
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("origin", ["null", "https://evil.example"])
async def test_a_foreign_page_is_refused(door: CoordinatorProcess, origin: str) -> None:
    async with connect(door.ws_url, proxy=None, additional_headers={"Origin": origin}) as client:
        message = json.loads(await client.recv())
        assert message["data"]["code"] == "ORIGIN_NOT_ALLOWED"
        await client.wait_closed()
        assert client.close_code == 1008


async def test_a_page_of_this_machine_is_welcome(door: CoordinatorProcess) -> None:
    async with door.client(additional_headers={"Origin": "http://localhost:3000"}):
        pass
