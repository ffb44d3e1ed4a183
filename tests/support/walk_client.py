"""The random walk's clients: a bare WebSocket, maybe with a viewer in the room; or a whole process to be killed."""

import asyncio
import contextlib
import json
import sys
import time
from collections import deque
from collections.abc import Coroutine
from enum import Enum
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed, WebSocketException

from reactor_client.frame import Frame
from reactor_client.room import MediaRoom
from support import pattern
from support.limits import PATIENCE_S, SLOW

_REMEMBERED = 60
_CONNECTING = "status: connecting"  # said before the ask, and again at the grant


class Phase(Enum):
    """Where a client believes to be."""

    IDLE = "idle"
    WAITING = "waiting"
    OWNER = "owner"
    LOST = "lost"
    """It had a session when its connection broke, and hasn't come back."""
    GONE = "gone"


class Listener(Protocol):
    """Who makes sense of what clients are told; on the event loop."""

    def hear(self, client: "WalkClient", kind: str, data: dict[str, Any]) -> None:
        """A message came."""
        ...

    def closed(self, client: "WalkClient") -> None:
        """The connection ended without the client's doing."""
        ...


class WalkClient:
    """What one client knows, and the little it can do."""

    def __init__(self, number: int, listener: Listener, *, viewer: bool = False, early: bool = False) -> None:
        self.number = number
        self.viewer = viewer
        """It joins its room."""
        self.early = early
        """... as soon as it is told of it."""
        self.phase = Phase.IDLE
        self.place: tuple[int, int] | None = None
        """Position and length of the queue, as last told."""
        self.answered = False
        """Something came since it asked."""
        self.leaving = False
        """What was on its way when it left doesn't count."""
        self.session_id = ""
        self.token = ""
        self.granted_s = 0.0
        self.heard: deque[str] = deque(maxlen=_REMEMBERED)
        self.frames = 0
        self.last_frame_s = 0.0
        self.held: list[tuple[str, dict[str, Any]]] = []
        """Heard before its turn has come."""
        self.wants = ""
        """What it provokes: an error with that code is no surprise."""
        self._listener = listener
        self._connection: ClientConnection | None = None
        self._room: MediaRoom | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._echoes = 0

    def __str__(self) -> str:
        return f"c{self.number}"

    async def open(self, url: str) -> None:
        """Connect. Raises OSError or WebSocketException."""
        self._connection = await open_websocket(
            url, proxy=None, ping_interval=None, open_timeout=5.0 * SLOW, close_timeout=2
        )
        self._spawn(self._receive(self._connection))

    @property
    def is_open(self) -> bool:
        """It has a connection."""
        return self._connection is not None

    async def say(self, kind: str, data: dict[str, Any]) -> None:
        """Send a message, if there is a connection."""
        await self.send(json.dumps({"type": kind, "data": data}))

    async def send(self, raw: str | bytes) -> None:
        """Send anything, if there is a connection."""
        if self._connection is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._connection.send(raw)

    async def probe(self) -> int:
        """Ask for an echo: everything sent before it has come once `echoes` reaches that count."""
        await self.say("walkProbe", {})
        return self._echoes + 1

    @property
    def echoes(self) -> int:
        """How many came."""
        return self._echoes

    def drop(self) -> None:
        """Break the connection without a close frame."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.transport.abort()

    async def close(self) -> None:
        """Close in order; the room is left as well."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(WebSocketException, OSError):
                await connection.close()
        self.leave_room()

    async def finish(self) -> None:
        """Wait for all that is under way."""
        self.leave_room()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE_S)

    # --- the room -----------------------------------------------------------------------------------------------

    def enter(self, session_id: str, url: str, token: str) -> None:
        """Join that room, unless it is there already."""
        if self._room is not None and self._room.session_id == session_id and not self._room.lost.done():
            return
        self.leave_room()
        self._room = MediaRoom(session_id, self)
        self._room.start(url, token)

    def leave_room(self) -> None:
        """Leave it, if there is one."""
        room, self._room = self._room, None
        if room is not None:
            self._spawn(room.leave())

    @property
    def in_room(self) -> bool:
        """It has entered its room."""
        return self._room is not None and self._room.is_in

    def on_frame(self, frame: Frame) -> None:
        """A picture came: the first one of the model must be legible."""
        if self.phase is Phase.OWNER and (self.frames or pattern.read(frame.pixels).number is not None):
            self.frames += 1
            self.last_frame_s = time.monotonic()

    def on_text(self, text: str) -> None:
        """Nothing to do with a text."""

    # ------------------------------------------------------------------------------------------------------------

    async def _receive(self, connection: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for raw in connection:
                message = json.loads(raw)
                self.heard.append(f"{time.monotonic():.2f} {raw!s:.160}")
                if message["type"] == "echo":
                    self._echoes += 1
                else:
                    self._listener.hear(self, message["type"], message["data"])
        if self._connection is connection:
            self._connection = None
            self._listener.closed(self)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class ProcessClient(WalkClient):
    """`python -m reactor_client`: what it prints is heard as the messages that must have come."""

    _process: asyncio.subprocess.Process | None = None
    _was_waiting = False

    async def open(self, url: str) -> None:
        """Start the process, which asks for a session at once."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "reactor_client", url, "--seconds", "600"), stdout=asyncio.subprocess.PIPE
        )
        self._spawn(self._read(self._process))

    @property
    def is_open(self) -> bool:
        """The process runs."""
        return self._process is not None

    def drop(self) -> None:
        """SIGKILL."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def close(self) -> None:
        """There is no orderly way: it is killed."""
        self.drop()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        statuses = 0
        async for line in process.stdout:
            text = line.decode().strip()
            self.heard.append(f"{time.monotonic():.2f} {text}")
            if text.startswith("status: "):
                statuses += 1
            if self._process is process:
                self._understand(text, statuses)
        await process.wait()
        if self._process is process:
            self._process = None
            self._listener.closed(self)

    def _understand(self, text: str, statuses: int) -> None:
        if text.startswith("status: waiting, "):
            words = text.split()
            data = {"position": int(words[2]), "queueLength": int(words[4]), "reason": "", "progress": None}
            self._listener.hear(self, "waiting-info", data)
        elif self.phase is Phase.WAITING and (
            text == "status: ready" or (text == "status: connecting" and statuses > 1)
        ):
            told = {"sessionId": f"of {self}", "resumeToken": "", "livekitWsUrl": "", "livekitJwtToken": ""}
            self._listener.hear(self, "gpu-machine-assigned", told)
        elif " frames, " in text and not text.startswith("0 "):
            self.frames += 1
            self.last_frame_s = time.monotonic()
