"""A client in a process of its own: it can be killed or frozen, and the test's own work doesn't slow it down.

`python -m support.client_process URL` connects, and prints a JSON object a line: `{"status": …}`, `{"session": …}`,
`{"frames": [monotonic seconds, …]}`, at the end `{"end": …}`. SIGTERM lets it leave in good order.
"""

import asyncio
import json
import math
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from reactor_client import Frame, ReactorClient, ReactorError, StatusChanged
from support import pattern
from support.limits import PATIENCE_S
from support.stack import TESTS

_TELL_S = 0.1


@dataclass
class ClientProcess:
    """A running one; made by `client_process`."""

    process: asyncio.subprocess.Process
    statuses: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    """When each picture came, on the clock `time.monotonic`."""
    ages_s: list[float] = field(default_factory=list)
    """How old each picture was then, where the model `clock` made it; infinite where that can't be read."""
    end: str | None = None
    """Why it ended, when it wasn't asked to."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> str:
        """The last one told."""
        return str(self.statuses[-1]["status"]) if self.statuses else ""

    @property
    def position(self) -> int | None:
        """The place in the queue told last."""
        waiting = self.statuses[-1]["waiting"] if self.statuses else None
        return None if waiting is None else int(waiting["position"])

    def send_signal(self, number: signal.Signals) -> None:
        """SIGKILL, SIGSTOP, SIGCONT, SIGTERM."""
        self.process.send_signal(number)

    async def until(self, done: Callable[["ClientProcess"], bool], limit_s: float = PATIENCE_S) -> None:
        """Wait for something that it tells."""
        async with asyncio.timeout(limit_s):
            while not done(self):
                self._changed.clear()
                await self._changed.wait()

    async def sees(self, count: int = 5, limit_s: float = PATIENCE_S) -> None:
        """Wait for pictures that come from now on."""
        now_s = time.monotonic()
        await self.until(lambda client: sum(came_s > now_s for came_s in client.frames) >= count, limit_s)

    def gaps_s(self, since_s: float) -> list[float]:
        """Between pictures that came after `since_s`, ascending."""
        return sorted(b - a for a, b in pairwise(came_s for came_s in self.frames if came_s > since_s))

    def made_since(self, since_s: float) -> list[tuple[float, float]]:
        """Of the pictures that the model `clock` made after `since_s`: when each came, and how old it was."""
        seen = zip(self.frames, self.ages_s, strict=True)
        return [(came_s, age_s) for came_s, age_s in seen if came_s - age_s > since_s]

    async def read(self) -> None:
        """Follow what it prints."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            told = json.loads(line)
            if "status" in told:
                self.statuses.append(told)
            if "session" in told:
                self.sessions.append(told["session"])
            self.frames += told.get("frames", [])
            self.ages_s += told.get("ages", [])
            self.end = told.get("end", self.end)
            self._changed.set()


@asynccontextmanager
async def client_process(url: str, wrapped: Sequence[str] = ()) -> AsyncIterator[ClientProcess]:
    """Start one; afterwards it is gone. `wrapped`: what stands before its command, to run it elsewhere."""
    process = await asyncio.create_subprocess_exec(
        *(*wrapped, sys.executable, "-P", "-m", "support.client_process", url),
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    client = ClientProcess(process)
    reading = asyncio.create_task(client.read())
    try:
        yield client
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            await reading


def _tell(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def _follow(client: ReactorClient) -> None:
    async for event in client.events():
        if isinstance(event, StatusChanged):
            waiting = None if event.waiting is None else event.waiting.model_dump()
            _tell(status=event.status, waiting=waiting, of=client.session_id)


async def _watch(client: ReactorClient) -> None:
    came_s: list[float] = []
    ages_s: list[float] = []
    told_s = 0.0
    async for frame in client.frames():
        came_s.append(frame.received_at_s)
        ages_s.append(_age_s(frame))
        if frame.received_at_s > told_s + _TELL_S:
            _tell(frames=came_s, ages=ages_s)
            came_s, ages_s, told_s = [], [], frame.received_at_s


def _age_s(frame: Frame) -> float:
    """By the milliseconds that the model `clock` shows."""
    made_ms = pattern.read(frame.pixels).number
    return math.inf if made_ms is None else (int(frame.received_at_s * 1000) - made_ms) % pattern.NUMBERS / 1000


async def _main(url: str) -> None:
    leave = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave.set)
    client = ReactorClient(url)
    following = asyncio.create_task(_follow(client))
    leaving = asyncio.create_task(leave.wait())
    stay = asyncio.create_task(_stay(client))
    await asyncio.wait({leaving, stay}, return_when=asyncio.FIRST_COMPLETED)
    await client.disconnect()
    for task in (following, leaving, stay):
        task.cancel()
    await asyncio.gather(following, leaving, stay, return_exceptions=True)


async def _stay(client: ReactorClient) -> None:
    try:
        await client.connect()
        _tell(session=client.session_id)
        await _watch(client)
    except ReactorError as error:
        _tell(end=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
