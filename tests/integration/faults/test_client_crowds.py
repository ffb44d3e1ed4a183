"""Many clients at once: one session runs undisturbed, everyone knows its place, memory stays bounded."""

import asyncio
import json
import random
import time
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import ConnectionClosed

from support.aftermath import rss_mib, session_of
from support.client_process import client_process
from support.coordinator_process import Client, welcomed
from support.limits import PATIENCE_S, SLOW
from support.stack import Stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

SOCKETS = 200
SEED = 20
WAITING = 100
LARGE_SOCKETS = 500
LARGE_BYTES = 4_000_000


# --- coming and going -----------------------------------------------------------------------------------------------


async def pass_by(stack: Stack, rng: random.Random) -> None:
    await asyncio.sleep(rng.uniform(0.0, 6.0))
    try:
        async with welcomed(stack.url) as client:
            for _ in range(rng.randrange(3)):
                await client.socket.send(rng.choice(VISITS))
                await asyncio.sleep(rng.uniform(0.0, 0.3))
            if rng.random() < 0.4:
                client.vanish()
    except ConnectionClosed:
        pass


VISITS = [
    json.dumps({"type": "sessionSetup", "data": {"modelName": "stage", "modelVersion": "1"}}),
    json.dumps({"type": "sessionSetup", "data": {"modelName": "stage", "modelVersion": "1", "prepared": True}}),
    json.dumps({"type": "sessionSetup", "data": {"modelName": "stage", "modelVersion": "1", "resumeToken": "x"}}),
    json.dumps({"type": "sessionEnd"}),
    "nonsense",
]


async def test_a_session_runs_undisturbed_while_200_sockets_open_and_close(sound: Stack) -> None:
    rng = random.Random(SEED)  # noqa: S311 - replayable
    async with client_process(sound.url) as owner:
        await owner.sees(24)
        quiet = owner.gaps_s(0.0)
        session, began_s = await session_of(sound), time.monotonic()
        await asyncio.gather(*(pass_by(sound, random.Random(rng.random())) for _ in range(SOCKETS)))  # noqa: S311
        await owner.sees()
        gaps = owner.gaps_s(began_s)
        assert await session_of(sound) == session
        assert owner.sessions == [session]
        assert [status["status"] for status in owner.statuses][-1] == "ready"
        # 24 a second, less while this process and the decoder share a core with 200 handshakes; never a stop.
        assert gaps[len(gaps) // 2] < SLOW * quiet[len(quiet) // 2]
        assert gaps[-1] < 1.0  # 0.13 s on two cores with four times their work


# --- the queue ------------------------------------------------------------------------------------------------------


class Waiting:
    """A waiting client and what it was told last."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.told: dict[str, object] = {}
        self.granted = asyncio.Event()
        self.following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        try:
            while True:
                message = json.loads(await self.client.socket.recv())
                if message["type"] == "waiting-info":
                    self.told = message["data"]
                if message["type"] == "gpu-machine-assigned":
                    self.granted.set()
        except ConnectionClosed:
            pass


async def until_places_are_right(line: list[Waiting], limit_s: float = PATIENCE_S) -> None:
    deadline_s = time.monotonic() + limit_s
    while True:
        wrong = [
            (place, waiting.told)
            for place, waiting in enumerate(line, 1)
            if (waiting.told.get("position"), waiting.told.get("queueLength")) != (place, len(line))
        ]
        if not wrong:
            return
        assert time.monotonic() < deadline_s, wrong[:5]
        await asyncio.sleep(0.02)


async def test_a_hundred_waiting_clients_know_their_places_as_others_leave(sound: Stack) -> None:
    rng = random.Random(SEED)  # noqa: S311 - replayable
    async with AsyncExitStack() as open_sockets:
        owner = await open_sockets.enter_async_context(welcomed(sound.url))
        await owner.start()
        line: list[Waiting] = []
        for _ in range(WAITING):
            client = await open_sockets.enter_async_context(welcomed(sound.url))
            await client.ask()
            line.append(Waiting(client))
        await until_places_are_right(line)

        too_many = await open_sockets.enter_async_context(welcomed(sound.url))
        await too_many.ask()
        assert (await too_many.expect("error"))["code"] == "QUEUE_FULL"

        while len(line) > WAITING // 2:
            for leaving in rng.sample(line, rng.randint(1, 8)):
                line.remove(leaving)
                match rng.choice(["close", "vanish", "end"]):
                    case "close":
                        await leaving.client.socket.close()
                    case "vanish":
                        leaving.client.vanish()
                    case "end":
                        await leaving.client.send("sessionEnd")
            await until_places_are_right(line)

        await owner.send("sessionEnd")
        first = line.pop(0)
        async with asyncio.timeout(PATIENCE_S):
            await first.granted.wait()
        await until_places_are_right(line)
        assert not any(waiting.granted.is_set() for waiting in line)
        for waiting in reversed([first, *line]):
            await waiting.client.socket.close()
            await waiting.following


# --- memory ---------------------------------------------------------------------------------------------------------

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PIECE = b"y" * 250_000


async def send_large(stack: Stack, all_there: asyncio.Barrier) -> str:
    """Send all but the end of a large message; when all others have as well, the end. Return the answer's code."""
    host, _, port = stack.coordinator_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(bytes([0x81, 0x80 | 127]) + LARGE_BYTES.to_bytes(8, "big") + bytes(4))
        for _ in range(LARGE_BYTES // len(PIECE) - 1):
            writer.write(PIECE)
            await writer.drain()
        await all_there.wait()
        writer.write(PIECE)
        answer = await reader.readuntil(b'"MESSAGE_TOO_LARGE"')
        return answer[-18:-1].decode()
    finally:
        writer.transport.abort()


async def test_large_messages_of_500_sockets_at_once_take_next_to_no_memory(sound: Stack) -> None:
    rss, most = rss_mib(sound, "coordinator"), 0.0
    all_there = asyncio.Barrier(LARGE_SOCKETS)
    sending = asyncio.gather(*(send_large(sound, all_there) for _ in range(LARGE_SOCKETS)))
    while not sending.done():
        most = max(most, rss_mib(sound, "coordinator"))
        await asyncio.sleep(0.05)
    assert set(await sending) == {"MESSAGE_TOO_LARGE"}
    # 200 kB each, where their messages are 2 GB.
    assert most < rss + 100
