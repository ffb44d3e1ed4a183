"""How many sockets there may be, and what they may do to each other and to the coordinator."""

import asyncio
import json
import os
import socket
import sys

import pytest
from websockets.asyncio.client import connect

from reactor_cli.livekit_server import Endpoint
from support.coordinator_process import CoordinatorProcess, start_coordinator
from support.fake_runtime import FakeRuntime
from support.ports import free_ports

pytestmark = pytest.mark.livekit


MAX_SOCKETS = 110
"""All that one test here opens, however late each is closed."""


@pytest.fixture
def flags() -> tuple[str, ...]:
    return ("--max-sockets", str(MAX_SOCKETS))


async def test_the_number_of_sockets_is_bounded(coordinator: CoordinatorProcess) -> None:
    clients = [await connect(coordinator.ws_url, proxy=None) for _ in range(MAX_SOCKETS)]
    async with connect(coordinator.ws_url, proxy=None) as one_more:
        assert json.loads(await one_more.recv())["data"]["code"] == "NO_CAPACITY"
    for client in clients:
        await client.close()
    await coordinator.until(active_connections=0)


async def test_a_client_that_does_not_read_is_cut(coordinator: CoordinatorProcess) -> None:
    async with coordinator.client() as healthy:
        await healthy.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", coordinator.port, limit=1024)
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        await coordinator.until(active_connections=2)
        payload = json.dumps({"type": "x", "data": {"text": "y" * 60_000}}).encode()
        frame = bytes([0x81, 0x80 | 127]) + len(payload).to_bytes(8, "big") + bytes(4) + payload

        async def flood() -> None:
            while True:
                writer.write(frame)
                await writer.drain()
                await asyncio.sleep(0.02)

        flooding = asyncio.create_task(flood())
        await coordinator.until(active_connections=1)
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        writer.transport.abort()
        await healthy.send("fine")
        await healthy.expect("echo")


async def test_sockets_that_open_and_close_leave_the_session_alone(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    async with coordinator.client() as owner:
        data = await owner.start()

        async def pass_by(number: int) -> None:
            async with coordinator.client() as client:
                if number % 3:
                    await client.ask()
                if number % 2:
                    client.vanish()

        for _ in range(4):
            await asyncio.gather(*(pass_by(number) for number in range(25)))
        assert runtime.session == data["sessionId"]
        assert runtime.stops == []
        await coordinator.until(queue_length=0, active_connections=1)


async def test_health_ready_capabilities_metrics_and_the_page_answer(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    health = await coordinator.health()
    assert (health["status"], health["active_connections"], health["runtime"]["state"]) == ("healthy", 0, "ready")
    for _ in range(2):
        assert (await coordinator.get("/capabilities")).json()["model"] == {"name": "fake", "version": "1.2.3"}
    assert runtime.capability_calls == 1
    assert "reactor_coordinator_connections 0" in (await coordinator.get("/metrics")).text
    page = await coordinator.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    runtime.change("failed", error={"message": "boom"})
    await coordinator.until(status="degraded")
    ready = await coordinator.get("/ready")
    assert ready.status_code == 503
    assert "boom" in ready.json()["reason"]


async def test_a_taken_port_is_explained(livekit_server: Endpoint) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "reactor_coordinator", "--coordinator-port", str(port)],
            env={**os.environ, "LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s" * 32},
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await process.communicate()
    assert process.returncode == 2
    assert f"port {port}" in told.decode()
    assert "--coordinator-port" in told.decode()


async def test_livekit_that_comes_late_is_waited_for(runtime: FakeRuntime) -> None:
    nobody = Endpoint(url=f"ws://127.0.0.1:{free_ports(1)[0]}", api_key="k", api_secret="s" * 32)
    async with start_coordinator(nobody, runtime.url) as coordinator:
        ready = await coordinator.get("/ready")
        assert ready.status_code == 503
        await coordinator.until(reason="LiveKit can't be reached to list rooms: ClientConnectorError")
