"""The product as its users start it: `reactor run` on free ports, and the WebSocket of a client."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.floor import ROOT
from benchmarks.viewer import Viewer, viewing
from reactor_cli.livekit_server import Endpoint
from reactor_protocol.frontend import (
    ErrorMessage,
    GpuMachineAssigned,
    RoomPrepared,
    ServerMessage,
    SessionEnd,
    SessionEnded,
    SessionSetup,
    SessionSetupData,
    WaitingInfo,
    parse_server_message,
    to_json,
)
from support.ports import free_ports

MODELS = Path(__file__).parent / "models"
BARCODE = MODELS / "barcode"
QUIET: Mapping[str, str] = {"REACTOR_STANDBY_KEEP": "0"}
"""Nothing is fed ahead of the next session: for rows about a running one, so that the floor's turn is undisturbed."""

_READY_S = 60.0
_STOP_S = 10.0
_ANSWER_S = 30.0
_PORTS = ("coordinator", "runtime", "livekit", "media-tcp", "media-udp")


class RefusedError(ConnectionError):
    """The product didn't grant the session."""


class Served:
    """A running product, whatever it runs in."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.ports = ports
        self.ws_url = f"ws://127.0.0.1:{ports['coordinator']}/ws"
        self.http_url = f"http://127.0.0.1:{ports['coordinator']}"

    async def until_ready(self) -> None:
        """Wait until a session could start."""
        deadline_s = time.monotonic() + _READY_S
        async with httpx.AsyncClient(trust_env=False) as http:
            while time.monotonic() < deadline_s:
                self._look()
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"{self.http_url}/ready")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.02)
        raise TimeoutError(f"the stack isn't ready after {_READY_S:.0f} s")

    def _look(self) -> None:
        """See that waiting isn't in vain."""

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator["Client"]:
        """A client's socket, welcomed."""
        async with connect(self.ws_url, proxy=None) as ws:
            client = Client(ws)
            await client.receive()
            yield client

    @contextlib.asynccontextmanager
    async def session(self, codec: str, *, late_s: float = 0.0) -> AsyncIterator[Viewer]:
        """A whole session with a viewer in its room, who enters `late_s` after the grant."""
        async with self.client() as client:
            await client.ask(codec)
            async with client.room(late_s=late_s) as viewer:
                yield viewer
            await client.leave()

    async def first_frame_ms(self, codec: str) -> float:
        """From asking to the first picture."""
        async with self.client() as client:
            asked_s = time.monotonic()
            await client.ask(codec)
            async with client.room() as viewer:
                seen = await viewer.first_marked()
            await client.leave()
        return (seen.seen_at_s - asked_s) * 1000


class Stack(Served):
    """A running `reactor run`."""

    def __init__(self, process: asyncio.subprocess.Process, ports: Mapping[str, int]) -> None:
        super().__init__(ports)
        self.process = process
        self.started_at_s = time.monotonic()

    async def end(self) -> None:
        """SIGTERM, and after 10 s SIGKILL."""
        if self.process.returncode is None:
            self.process.terminate()
            try:
                async with asyncio.timeout(_STOP_S):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()

    def _look(self) -> None:
        if self.process.returncode is not None:
            raise ChildProcessError(f"reactor run ended with {self.process.returncode}")


class Client:
    """The client's side of the WebSocket, bare."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws

    async def ask(self, codec: str, *, queueing: bool = True, prepared: bool = False) -> None:
        """Send `sessionSetup`."""
        data = SessionSetupData(model_name="barcode", video_codecs=[codec], queueing=queueing, prepared=prepared)
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

    @contextlib.asynccontextmanager
    async def room(self, *, late_s: float = 0.0) -> AsyncIterator[Viewer]:
        """Wait for the grant and be in its room."""
        granted = (await self.granted()).data
        await asyncio.sleep(late_s)
        async with viewing(granted.livekit_ws_url, granted.livekit_jwt_token) as viewer:
            yield viewer

    async def waiting(self) -> None:
        """Wait for a place in the queue."""
        while not isinstance(await self.receive(), WaitingInfo):
            pass

    async def prepared(self) -> RoomPrepared:
        """Wait for the room that may be entered before the turn."""
        while not isinstance(message := await self.receive(), RoomPrepared):
            pass
        return message

    async def leave(self) -> None:
        """Send `sessionEnd`."""
        await self._ws.send(to_json(SessionEnd()))

    async def close(self) -> None:
        """Close the socket as a page does that is left."""
        await self._ws.close(code=1001)


@contextlib.asynccontextmanager
async def stack(
    model: Path = BARCODE,
    *,
    env: Mapping[str, str] | None = None,
    livekit: Endpoint | None = None,
    ready: bool = True,
    max_fps: float | None = None,
    **arguments: Any,
) -> AsyncIterator[Stack]:
    """Run the product on free ports.

    Args:
        model: its folder.
        env: additions to the environment.
        livekit: a server to use; None: its own.
        ready: wait until a session could start.
        max_fps: of the manifest; None: the model's `fps`.
        arguments: of the model, instead of those in its manifest.
    """
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    flags = [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    theirs: dict[str, str] = {}
    if livekit is not None:
        flags += ["--livekit-url", livekit.url]
        theirs = {"LIVEKIT_API_KEY": livekit.api_key, "LIVEKIT_API_SECRET": livekit.api_secret}
    with tempfile.TemporaryFile() as output, _with_arguments(model, arguments, max_fps) as folder:
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "reactor_cli", "run", "--path", str(folder), *flags],
            env={**os.environ, "PYTHONPATH": _python_path(), **(env or {}), **theirs},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        running = Stack(process, ports)
        try:
            if ready:
                await running.until_ready()
            yield running
        except BaseException:
            output.seek(0)
            sys.stderr.buffer.write(output.read()[-4000:])
            raise
        finally:
            await running.end()


@contextlib.contextmanager
def _with_arguments(model: Path, arguments: dict[str, Any], max_fps: float | None) -> Iterator[Path]:
    """A copy of the folder whose manifest has other arguments."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for file in model.glob("*.*"):
            (folder / file.name).write_bytes(file.read_bytes())
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["args"] |= arguments
        if max_fps is not None:
            manifest["max_fps"] = max_fps
        (folder / "manifest.json").write_text(json.dumps(manifest))
        yield folder


def _python_path() -> str:
    """Where the models find this package."""
    return os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
