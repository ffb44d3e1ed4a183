"""A real coordinator process on a free port, and clients that speak to it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from reactor_cli.livekit_server import Endpoint
from support.limits import PATIENCE_S
from support.plain_http import plain_http
from support.ports import free_ports


class CoordinatorProcess:
    """A started coordinator."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/ws"
        self.log: list[str] = []

    async def get(self, path: str) -> httpx.Response:
        async with plain_http() as http:
            return await http.get(self.url + path)

    async def health(self) -> dict[str, Any]:
        return dict((await self.get("/health")).json())

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """Wait until `/health` has these values."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.health()
                if all(found[name] == value for name, value in wanted.items()):
                    return found
                await asyncio.sleep(0.02)

    async def until_ready(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.until(reason=None, room_prepared=True)

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator["Client"]:
        """A connected client that was welcomed."""
        async with connect(self.ws_url, proxy=None, ping_interval=None, **options) as socket:
            client = Client(socket)
            await client.expect("welcome")
            yield client


class Client:
    """A front end, message by message."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, kind: str, **data: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, "data": data}))

    async def ask(self, **data: Any) -> None:
        await self.send("sessionSetup", **{"modelName": "fake", "modelVersion": "1.2.3"} | data)

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            return dict(json.loads(await self.socket.recv()))

    async def expect(self, kind: str) -> dict[str, Any]:
        """The data of the next message, which must be of that type."""
        message = await self.receive()
        assert message["type"] == kind, message
        return dict(message["data"])

    async def skip_to(self, kind: str) -> dict[str, Any]:
        """The data of the next message of that type."""
        while (message := await self.receive())["type"] != kind:
            pass
        return dict(message["data"])

    async def start(self, **data: Any) -> dict[str, Any]:
        """Ask, and be granted."""
        await self.ask(**data)
        return await self.skip_to("gpu-machine-assigned")

    def vanish(self) -> None:
        """The connection breaks without a close frame."""
        self.socket.transport.abort()


@asynccontextmanager
async def welcomed(url: str) -> AsyncIterator[Client]:
    """A client of the coordinator at that WebSocket, which has said welcome."""
    async with connect(url, proxy=None, ping_interval=None) as socket:
        client = Client(socket)
        await client.expect("welcome")
        yield client


@asynccontextmanager
async def start_coordinator(
    livekit: Endpoint, runtime_url: str, *flags: str, **env: str
) -> AsyncIterator[CoordinatorProcess]:
    """Start one, and end it by SIGTERM; fails the test if it logged a traceback."""
    (port,) = free_ports(1)
    given = {
        "LIVEKIT_URL": livekit.url,
        "LIVEKIT_API_KEY": livekit.api_key,
        "LIVEKIT_API_SECRET": livekit.api_secret,
        "REACTOR_RUNTIME_URL": runtime_url,
        "REACTOR_COORDINATOR_PORT": str(port),
        "REACTOR_ROOM_PREFIX": f"test-{port}-",
        "REACTOR_VERBOSE": "1",
    }
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "reactor_coordinator", *flags],
        env={**os.environ, **given, **env},
        stderr=asyncio.subprocess.PIPE,
    )
    coordinator = CoordinatorProcess(process, port)
    reading = asyncio.create_task(_read(process, coordinator.log))
    try:
        await _until_listening(coordinator)
        yield coordinator
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            await reading
            sys.stderr.write("\n".join(coordinator.log))
    assert not any("Traceback" in line for line in coordinator.log)


async def _read(process: asyncio.subprocess.Process, log: list[str]) -> None:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        log.append(line.decode().rstrip())


async def _until_listening(coordinator: CoordinatorProcess) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await coordinator.health()
            except httpx.TransportError:
                assert coordinator.process.returncode is None, coordinator.log
                await asyncio.sleep(0.05)
            else:
                return
