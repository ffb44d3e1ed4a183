"""What the client makes of the coordinator's messages, with a scripted coordinator on a real socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from reactor_client import NotReadyError, ReactorClient, RefusedError, StatusChanged, UnreachableError
from reactor_client.signalling import websocket_url
from support.golden import lines
from support.limits import PATIENCE_S

GOLDEN = {line["message"]["type"]: line["message"] for line in lines("frontend")}
WAITING = {"position": 2, "queueLength": 3, "reason": "busy", "progress": None}


class Socket:
    """The coordinator's end, as a script uses it."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def say(self, kind: str, **data: Any) -> None:
        await self._connection.send(json.dumps({"type": kind, "data": data}))

    async def say_golden(self, kind: str) -> None:
        await self._connection.send(json.dumps(GOLDEN[kind]))

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._connection.recv())
        return message

    async def closed(self) -> int | None:
        await self._connection.wait_closed()
        return self._connection.close_code


Script = Callable[[Socket], Awaitable[None]]


@contextlib.asynccontextmanager
async def coordinator(script: Script) -> AsyncIterator[str]:
    failures: list[BaseException] = []

    async def handle(connection: ServerConnection) -> None:
        try:
            await script(Socket(connection))
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    async with serve(handle, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert not failures


async def test_the_setup_says_what_the_client_wants() -> None:
    heard: list[Any] = []

    async def script(socket: Socket) -> None:
        await socket.say_golden("welcome")
        heard.append(await socket.hear())
        await socket.say("error", code="UNKNOWN_MODEL", message="no such", recoverable=False, component="coordinator")

    async with coordinator(script) as url:
        client = ReactorClient(url, model_name="longlive", model_version="2", video_codecs=["h264"], queueing=False)
        with pytest.raises(RefusedError):
            await client.connect(PATIENCE_S)
    assert heard == [
        {
            "type": "sessionSetup",
            "data": {
                "modelName": "longlive",
                "modelVersion": "2",
                "queueing": False,
                "resumeToken": None,
                "videoCodecs": ["h264"],
                "prepared": True,
            },
        }
    ]


async def test_a_refusal_is_raised_with_all_that_the_wire_says() -> None:
    async def script(socket: Socket) -> None:
        await socket.say_golden("welcome")
        await socket.hear()
        await socket.say("error", code="NO_CAPACITY", message="busy", recoverable=True, component="gpu", retryAfter=5.5)

    async with coordinator(script) as url:
        client = ReactorClient(url)
        with pytest.raises(RefusedError, match="NO_CAPACITY: busy") as refusal:
            await client.connect(PATIENCE_S)
        assert client.status == "disconnected"
    error = refusal.value
    assert (error.code, error.recoverable, error.retry_after_s, error.component) == ("NO_CAPACITY", True, 5.5, "gpu")


async def test_a_refusal_that_comes_before_the_client_has_asked_is_raised_as_such() -> None:
    async def script(socket: Socket) -> None:
        await socket.say("error", code="NO_CAPACITY", message="full", recoverable=True, component="coordinator")

    async with coordinator(script) as url:
        for _ in range(5):  # the end comes before the client's first words, or after
            with pytest.raises(RefusedError, match="NO_CAPACITY: full"):
                await ReactorClient(url).connect(PATIENCE_S)


@pytest.mark.parametrize("code", ["MODEL_LOADING_FAILED", "GPU_CONNECTION_FAILED"])
async def test_what_is_tried_again_keeps_the_place_in_the_queue(code: str) -> None:
    moved = asyncio.Event()

    async def script(socket: Socket) -> None:
        await socket.say_golden("welcome")
        await socket.hear()
        await socket.say("waiting-info", **WAITING)
        await socket.say("error", code=code, message="no", recoverable=True, component="gpu")
        await socket.say("waiting-info", **WAITING | {"position": 1})
        await moved.wait()

    async with coordinator(script) as url:
        client = ReactorClient(url)
        events = client.events()
        connecting = asyncio.create_task(client.connect(PATIENCE_S))
        async with asyncio.timeout(PATIENCE_S):
            async for event in events:
                if isinstance(event, StatusChanged) and event.waiting is not None and event.waiting.position == 1:
                    break
        assert client.status == "waiting"
        assert client.waiting is not None
        assert client.waiting.queue_length == 3
        moved.set()
        await client.disconnect()
        with pytest.raises(NotReadyError):
            await connecting


async def test_messages_that_this_version_does_not_know_are_passed_over() -> None:
    async def script(socket: Socket) -> None:
        await socket.say("from-the-future", x=1)
        await socket.hear()
        await socket.say("waiting-info", position=0)
        await socket.say_golden("echo")
        await socket.say("error", code="QUEUE_FULL", message="full", recoverable=True, component="coordinator")

    async with coordinator(script) as url:
        with pytest.raises(RefusedError, match="QUEUE_FULL"):
            await ReactorClient(url).connect(PATIENCE_S)


async def test_giving_up_says_so_and_closes_the_socket() -> None:
    heard: list[Any] = []

    async def script(socket: Socket) -> None:
        await socket.hear()
        heard.append(await socket.hear())
        heard.append(await socket.closed())

    async with coordinator(script) as url:
        client = ReactorClient(url)
        with pytest.raises(TimeoutError):
            await client.connect(2.0)  # by then it has asked
    assert heard == [{"type": "sessionEnd", "data": {}}, 1000]


async def test_a_coordinator_that_hangs_up_is_unreachable() -> None:
    async def script(socket: Socket) -> None:
        await socket.hear()

    async with coordinator(script) as url:
        with pytest.raises(UnreachableError, match="hung up"):
            await ReactorClient(url).connect(PATIENCE_S)


async def test_no_coordinator_is_unreachable_and_says_what_to_do() -> None:
    async def script(_socket: Socket) -> None: ...

    async with coordinator(script) as url:
        pass
    with pytest.raises(UnreachableError, match="reactor run"):
        await ReactorClient(url).connect(PATIENCE_S)


async def test_a_room_that_cannot_be_reached_ends_the_attempt_without_showing_the_token() -> None:
    async def script(socket: Socket) -> None:
        await socket.hear()
        grant = GOLDEN["gpu-machine-assigned"]["data"] | {"livekitWsUrl": "ws://127.0.0.1:9", "livekitJwtToken": "eyJ"}
        await socket.say("gpu-machine-assigned", **grant)
        await socket.closed()

    async with coordinator(script) as url:
        with pytest.raises(UnreachableError, match="LiveKit at") as error:
            await ReactorClient(url).connect(60)
    assert "eyJ" not in str(error.value)


async def test_without_a_session_nothing_can_be_sent() -> None:
    client = ReactorClient("ws://127.0.0.1:9")
    with pytest.raises(NotReadyError):
        await client.send_command("start")
    with pytest.raises(NotReadyError):
        await client.request_capabilities()
    with pytest.raises(NotReadyError):
        await client.publish_camera(320, 240)
    await client.disconnect()


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ("ws://localhost:8080", "ws://localhost:8080/ws"),
        ("http://localhost:8080/", "ws://localhost:8080/ws"),
        ("https://example.org", "wss://example.org/ws"),
        ("wss://example.org/reactor/ws?k=v", "wss://example.org/reactor/ws?k=v"),
    ],
)
def test_an_address_is_completed(given: str, complete: str) -> None:
    assert websocket_url(given) == complete


@pytest.mark.parametrize("given", ["", "localhost:8080", "ftp://x", "ws://"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="expected an address"):
        ReactorClient(given)
