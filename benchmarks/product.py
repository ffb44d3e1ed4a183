"""The product as its users start it: `reactor run` on free ports, and the WebSocket of a client."""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.floor import ROOT
from reactor_protocol.frontend import (
    ErrorMessage,
    GpuMachineAssigned,
    ServerMessage,
    SessionEnd,
    SessionEnded,
    SessionSetup,
    SessionSetupData,
    parse_server_message,
    to_json,
)

_READY_S = 60.0
_STOP_S = 10.0
_ANSWER_S = 30.0


class RefusedError(ConnectionError):
    """The product didn't grant the session."""


class Stack:
    """A running `reactor run`."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.ws_url = f"ws://127.0.0.1:{port}/ws"
        self.http_url = f"http://127.0.0.1:{port}"

    async def until_ready(self) -> None:
        """Wait until a session could start."""
        deadline_s = time.monotonic() + _READY_S
        async with httpx.AsyncClient(trust_env=False) as http:
            while time.monotonic() < deadline_s:
                if self.process.returncode is not None:
                    raise ChildProcessError(f"reactor run ended with {self.process.returncode}")
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"{self.http_url}/ready")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.02)
        raise TimeoutError(f"the stack isn't ready after {_READY_S:.0f} s")

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator["Client"]:
        """A client's socket, welcomed."""
        async with connect(self.ws_url, proxy=None) as ws:
            client = Client(ws)
            await client.receive()
            yield client


class Client:
    """The client's side of the WebSocket, bare."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws

    async def ask(self, codec: str) -> None:
        """Send `sessionSetup`."""
        data = SessionSetupData(model_name="barcode", video_codecs=[codec])
        await self._ws.send(to_json(SessionSetup(data=data)))

    async def receive(self) -> ServerMessage:
        """Wait for the next message."""
        async with asyncio.timeout(_ANSWER_S):
            text = await self._ws.recv(decode=True)
        return parse_server_message(text)

    async def granted(self) -> GpuMachineAssigned:
        """Wait for the grant.

        Raises:
            RefusedError: an error or an end came instead.
        """
        while True:
            message = await self.receive()
            if isinstance(message, GpuMachineAssigned):
                return message
            if isinstance(message, ErrorMessage | SessionEnded):
                raise RefusedError(message.data.message)

    async def leave(self) -> None:
        """Send `sessionEnd`."""
        await self._ws.send(to_json(SessionEnd()))


@contextlib.asynccontextmanager
async def stack(model: Path) -> AsyncIterator[Stack]:
    """Run the product on free ports with that model's folder."""
    ports = _free_ports(5)
    names = ["coordinator", "runtime", "livekit", "media-tcp", "media-udp"]
    flags = [word for name, port in zip(names, ports, strict=True) for word in (f"--{name}-port", str(port))]
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "reactor_cli", "run", "--path", str(model), *flags],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        running = Stack(process, ports[0])
        try:
            await running.until_ready()
            yield running
        except BaseException:
            output.seek(0)
            sys.stderr.buffer.write(output.read()[-4000:])
            raise
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
