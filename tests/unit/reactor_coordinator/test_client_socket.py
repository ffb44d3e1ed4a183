"""A client's WebSocket, without the coordinator behind it."""

import asyncio
import json
from typing import Any

from starlette.types import Message
from starlette.websockets import WebSocket

from reactor_coordinator import notices
from reactor_coordinator.client_socket import ClientSocket
from reactor_protocol.frontend import ClientMessage, SessionEnd


async def test_a_mistake_of_the_coordinator_is_told_and_the_next_message_is_taken() -> None:
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            outgoing.put_nowait(json.loads(message["text"]))

    def say(text: str) -> None:
        incoming.put_nowait({"type": "websocket.receive", "text": text})

    incoming.put_nowait({"type": "websocket.connect"})
    websocket = WebSocket({"type": "websocket", "extensions": {}}, incoming.get, send)
    await websocket.accept()
    client = ClientSocket(websocket)

    def take(message: ClientMessage) -> None:
        if not isinstance(message, SessionEnd):
            raise ZeroDivisionError
        client.send(notices.resume_failed())

    serving = asyncio.create_task(client.serve(take))
    say('{"type": "sessionSetup", "data": {"modelName": "x", "modelVersion": ""}}')
    told = await asyncio.wait_for(outgoing.get(), 10)
    assert (told["type"], told["data"]["code"]) == ("error", "INTERNAL")
    assert "sessionSetup" in told["data"]["message"]
    say('{"type": "sessionEnd", "data": {}}')
    assert (await asyncio.wait_for(outgoing.get(), 10))["data"]["code"] == "RESUME_FAILED"
    incoming.put_nowait({"type": "websocket.disconnect", "code": 1005})
    assert await asyncio.wait_for(serving, 10) is False
