"""The contract's golden transcript on a real stack, spoken by hand: a plain WebSocket and a plain LiveKit room."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from livekit import rtc
from websockets.asyncio.client import ClientConnection, connect

from support.limits import PATIENCE_S
from support.stack import Stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]


async def say(socket: ClientConnection, kind: str, **data: Any) -> None:
    await socket.send(json.dumps({"type": kind, "data": data}))


async def hear(socket: ClientConnection, kind: str) -> Any:
    """The data of the next message, which is of that type."""
    async with asyncio.timeout(PATIENCE_S):
        message = json.loads(await socket.recv())
    assert message["type"] == kind, message
    assert set(message) == {"type", "data"}
    return message["data"]


async def hear_at_last(socket: ClientConnection, kind: str) -> Any:
    """The data of the next message of that type; those before it are of waiting."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message = json.loads(await socket.recv())
            if message["type"] == kind:
                return message["data"]
            assert message["type"] == "waiting-info", message


class Visitor:
    """In a session's room with nothing but the LiveKit SDK."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.tracks: list[str] = []
        self.texts: asyncio.Queue[Any] = asyncio.Queue(1000)
        self.subscribed = asyncio.Event()
        self._reading: set[asyncio.Task[None]] = set()
        self.room.on("track_subscribed", self._on_track)
        self.room.register_text_stream_handler("application", self._on_text)

    def _on_track(self, _track: Any, publication: rtc.RemoteTrackPublication, _participant: Any) -> None:
        self.tracks.append(publication.name)
        self.subscribed.set()

    def _on_text(self, reader: rtc.TextStreamReader, _sender: str) -> None:
        task = asyncio.create_task(self._read(reader))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        self.texts.put_nowait(json.loads(await reader.read_all()))

    async def send(self, message: Any) -> None:
        await self.room.local_participant.send_text(json.dumps(message), topic="application")

    async def hear(self, kind: str, inner: str | None = None) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.texts.get()
                data = message["data"]
                if message["type"] == kind and (inner is None or data.get("type") == inner):
                    return data


@contextlib.asynccontextmanager
async def visiting(grant: dict[str, Any]) -> AsyncIterator[Visitor]:
    visitor = Visitor()
    await visitor.room.connect(grant["livekitWsUrl"], grant["livekitJwtToken"])
    try:
        yield visitor
    finally:
        await visitor.room.disconnect()


async def test_the_golden_transcript(stage: Stack) -> None:
    async with connect(stage.url, proxy=None) as socket:
        welcome = await hear(socket, "welcome")
        assert isinstance(welcome["message"], str)
        assert isinstance(welcome["timestamp"], float)

        await say(socket, "hello", n=1)
        echo = await hear(socket, "echo")
        assert echo["echo"] == {"type": "hello", "data": {"n": 1}}
        assert isinstance(echo["timestamp"], float)

        await say(socket, "sessionSetup", modelName="stage", modelVersion="1.2.3")
        grant = await hear_at_last(socket, "gpu-machine-assigned")
        assert grant["livekitWsUrl"].startswith("ws://127.0.0.1:")
        assert (grant["modelName"], grant["modelVersion"]) == ("stage", "1.2.3")
        assert grant["sessionId"]
        assert grant["resumeToken"]
        assert grant["expiresAt"] is None

        async with visiting(grant) as visitor:
            async with asyncio.timeout(PATIENCE_S):
                await visitor.subscribed.wait()
            assert visitor.tracks == ["reactor-video"]
            assert await visitor.hear("application", "status") == {"type": "status", "data": {"status": "generating"}}

            await visitor.send({"type": "application", "data": {"type": "requestCapabilities", "data": {}}})
            async with asyncio.timeout(PATIENCE_S):
                while "commands" not in (answer := await visitor.hear("application")):
                    pass
            assert answer["commands"]["set_prompt"]["schema"]["prompt"]["required"] is True
            assert answer["commands"]["set_prompt"]["description"] == "What to show."

            await visitor.send({"type": "application", "data": {"type": "set_prompt", "data": {"prompt": "a lake"}}})
            called = await visitor.hear("application", "called")
            assert called["data"] == {"command": "set_prompt", "arguments": {"prompt": "a lake"}}

            await visitor.send({"type": "reset"})
            assert (await visitor.hear("application", "called"))["data"] == {"command": "reset", "arguments": {}}


async def test_a_second_client_waits_and_is_served_when_the_first_closes(stage: Stack) -> None:
    async with connect(stage.url, proxy=None) as first, connect(stage.url, proxy=None) as second:
        await hear(first, "welcome")
        await hear(second, "welcome")
        await say(first, "sessionSetup", modelName="stage", modelVersion="1")
        await hear_at_last(first, "gpu-machine-assigned")
        await say(second, "sessionSetup", modelName="stage", modelVersion="1")
        waiting = await hear(second, "waiting-info")
        assert waiting["position"] == 1
        assert waiting["queueLength"] == 1
        assert waiting["reason"] in {"busy", "stopping"}
        await first.close()
        grant = await hear_at_last(second, "gpu-machine-assigned")
        async with visiting(grant) as visitor, asyncio.timeout(PATIENCE_S):
            await visitor.subscribed.wait()


async def test_after_sessionEnd_the_same_socket_gets_another_session(stage: Stack) -> None:  # noqa: N802
    async with connect(stage.url, proxy=None) as socket:
        await hear(socket, "welcome")
        ids = []
        for _ in range(2):
            await say(socket, "sessionSetup", modelName="stage", modelVersion="1")
            ids.append((await hear_at_last(socket, "gpu-machine-assigned"))["sessionId"])
            await say(socket, "sessionEnd")
        assert len(set(ids)) == 2


async def test_a_lost_socket_may_come_back_with_its_token_to_the_same_room(stage: Stack) -> None:
    async with connect(stage.url, proxy=None) as first, connect(stage.url, proxy=None) as second:
        await hear(first, "welcome")
        await hear(second, "welcome")
        await say(first, "sessionSetup", modelName="stage", modelVersion="1")
        grant = await hear_at_last(first, "gpu-machine-assigned")
        first.transport.abort()

        await say(second, "sessionSetup", modelName="stage", modelVersion="1", resumeToken="wrong")
        assert (await hear(second, "error"))["code"] == "RESUME_FAILED"
        await say(second, "sessionSetup", modelName="stage", modelVersion="1", resumeToken=grant["resumeToken"])
        again = await hear_at_last(second, "gpu-machine-assigned")
        assert again["sessionId"] == grant["sessionId"]
        async with visiting(again) as visitor, asyncio.timeout(PATIENCE_S):
            await visitor.subscribed.wait()


async def test_a_client_that_is_next_may_join_its_room_ahead(stage: Stack) -> None:
    async with connect(stage.url, proxy=None) as first, connect(stage.url, proxy=None) as second:
        await hear(first, "welcome")
        await hear(second, "welcome")
        await say(first, "sessionSetup", modelName="stage", modelVersion="1")
        await hear_at_last(first, "gpu-machine-assigned")
        await say(second, "sessionSetup", modelName="stage", modelVersion="1", prepared=True)
        prepared = await hear_at_last(second, "room-prepared")
        async with visiting(prepared) as visitor:
            async with asyncio.timeout(PATIENCE_S):
                await visitor.subscribed.wait()
            assert visitor.texts.empty(), "the session hasn't begun"
            await first.close()
            grant = await hear_at_last(second, "gpu-machine-assigned")
            assert {key: grant[key] for key in prepared} == prepared
            assert (await visitor.hear("application", "status"))["data"] == {"status": "generating"}


async def test_a_client_that_vanishes_frees_the_model_for_who_waits(stage: Stack) -> None:
    async with connect(stage.url, proxy=None) as vanishing, connect(stage.url, proxy=None) as waiting:
        await hear(vanishing, "welcome")
        await hear(waiting, "welcome")
        await say(vanishing, "sessionSetup", modelName="stage", modelVersion="1")
        await hear_at_last(vanishing, "gpu-machine-assigned")
        await say(waiting, "sessionSetup", modelName="stage", modelVersion="1")
        assert (await hear(waiting, "waiting-info"))["position"] == 1
        vanishing.transport.abort()
        # Sooner than the 30 s that it would have with nobody waiting.
        await hear_at_last(waiting, "gpu-machine-assigned")


@pytest.mark.parametrize("text", ["", "hello", "[]", "[1]", "3", "null", '{"type": 3}', '{"type": "sessionSetup"}'])
async def test_what_is_not_a_message_is_answered_by_an_error_and_the_socket_stays_open(stage: Stack, text: str) -> None:
    async with connect(stage.url, proxy=None) as socket:
        await hear(socket, "welcome")
        await socket.send(text)
        error = await hear(socket, "error")
        assert error["code"] == "BAD_MESSAGE"
        assert error["message"]
        await say(socket, "still there?")
        await hear(socket, "echo")


async def test_a_message_without_data_counts_as_one_with_an_empty_object(stage: Stack) -> None:
    async with connect(stage.url, proxy=None) as socket:
        await hear(socket, "welcome")
        await socket.send('{"type": "anything", "data": null}')
        assert (await hear(socket, "echo"))["echo"]["type"] == "anything"


async def test_a_binary_message_is_answered_by_an_error(stage: Stack) -> None:
    async with connect(stage.url, proxy=None) as socket:
        await hear(socket, "welcome")
        await socket.send(b"\x00\x01")
        assert (await hear(socket, "error"))["code"] == "BAD_MESSAGE"
