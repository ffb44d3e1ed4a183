"""A whole stack for tests: LiveKit, the coordinator and the runtime server as real processes on free ports.

    async with running_stack(folder) as stack:
        async with ReactorClient(stack.url) as client:
            ...

Afterwards it looks for what was left behind: processes and rooms fail the test that left them.
"""

import asyncio
import contextlib
import os
import secrets
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
from livekit import api

from reactor_cli.child import Child, ChildSpec
from reactor_cli.livekit_server import Endpoint, LiveKitServer, LiveKitSettings
from support.limits import PATIENCE_S
from support.plain_http import plain_http
from support.ports import free_ports

TESTS = Path(__file__).parent.parent
MODELS = TESTS / "models"

_POLL_S = 0.05
_LOG_LINES = 500_000  # more than all tests on one stack cause: they remember places in it


@dataclass(slots=True)
class Stack:
    """A running stack."""

    coordinator_url: str
    runtime_url: str
    runtime_key: str = field(repr=False)
    livekit: Endpoint
    room_prefix: str
    children: dict[str, Child] = field(default_factory=dict)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))

    @property
    def url(self) -> str:
        """The coordinator's WebSocket."""
        return self.coordinator_url.replace("http", "ws", 1) + "/ws"

    async def get(self, path: str) -> httpx.Response:
        """Ask the coordinator."""
        async with plain_http() as client:
            return await client.get(self.coordinator_url + path)

    async def ask_runtime(self, path: str, method: str = "GET", body: object = None) -> httpx.Response:
        """Ask the runtime server; `body` goes as JSON."""
        headers = {"Authorization": f"Bearer {self.runtime_key}"}
        async with plain_http(headers) as client:
            return await client.request(method, self.runtime_url + path, json=body)

    async def until_ready(self) -> None:
        """Wait until a session can start at once."""
        await self._until("/ready", "the model isn't ready")

    async def until_up(self) -> None:
        """Wait until both processes answer, whatever the model does."""
        await self._until("/health", "a process doesn't answer")

    async def until_health(self, **wanted: object) -> dict[str, Any]:
        """Wait until the coordinator's `/health` has these values; all of it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found: dict[str, Any] = (await self.get("/health")).json()
                if all(found[name] == value for name, value in wanted.items()):
                    return found
                await asyncio.sleep(_POLL_S)

    async def rooms(self) -> list[str]:
        """Names of this stack's rooms on the LiveKit server."""
        async with api.LiveKitAPI(
            self.livekit.url.replace("ws", "http", 1), self.livekit.api_key, self.livekit.api_secret
        ) as livekit:
            found = await livekit.room.list_rooms(api.ListRoomsRequest())
        return [room.name for room in found.rooms if room.name.startswith(self.room_prefix)]

    def logged(self, text: str) -> list[str]:
        """Log lines that contain `text`."""
        return [line for line in self.log if text in line]

    def note(self, name: str, line: str) -> None:
        """Keep a line of a process's output."""
        self.log.append(f"[{name}] {line}")

    async def _until(self, path: str, what: str) -> None:
        deadline_s = time.monotonic() + 2 * PATIENCE_S
        while not await self._all_answer(path):
            ended = [name for name, child in self.children.items() if not psutil.pid_exists(child.pid)]
            if ended or time.monotonic() > deadline_s:
                raise AssertionError("\n".join([f"{what}; ended: {ended}", *list(self.log)[-40:]]))
            await asyncio.sleep(_POLL_S)

    async def _all_answer(self, path: str) -> bool:
        try:
            answers = [await self.get(path), await self.ask_runtime(path)]
        except httpx.TransportError:
            return False
        return all(answer.status_code == httpx.codes.OK for answer in answers)


@contextlib.asynccontextmanager
async def running_stack(
    folder: Path,
    *,
    livekit: Endpoint | None = None,
    flags: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    wait: bool = True,
) -> AsyncIterator[Stack]:
    """Start a stack with the model of `folder`.

    Args:
        folder: the model's.
        livekit: a server to share; None: an own one.
        flags: of the coordinator.
        env: additions to every process's environment.
        wait: until the model is ready; else only until the processes answer.
    """
    async with contextlib.AsyncExitStack() as parts:
        if livekit is None:
            livekit = await parts.enter_async_context(LiveKitServer(LiveKitSettings(port=0, tcp_port=0, udp_port=0)))
        coordinator_port, runtime_port = free_ports(2)
        stack = Stack(
            coordinator_url=f"http://127.0.0.1:{coordinator_port}",
            runtime_url=f"http://127.0.0.1:{runtime_port}",
            runtime_key=secrets.token_hex(16),
            livekit=livekit,
            room_prefix=f"test-{secrets.token_hex(4)}-",
        )
        try:
            for spec in _specs(stack, folder, flags, env or {}, (coordinator_port, runtime_port)):
                stack.children[spec.name] = await Child.start(spec, partial(stack.note, spec.name))
            await (stack.until_ready() if wait else stack.until_up())
            yield stack
        except BaseException:
            sys.stderr.write("\n".join(["--- the stack's log", *list(stack.log)[-200:], ""]))
            raise
        finally:
            await _end(stack)


async def _end(stack: Stack) -> None:
    """End in the order of `reactor run` and look for what is left."""
    family = {pid for child in stack.children.values() for pid in _descendants(child.pid)}
    left: list[str] = []
    for name in ("coordinator", "runtime"):
        child = stack.children.get(name)
        if child is None:
            continue
        child.terminate()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await child.wait()
        except TimeoutError:
            left.append(f"the {name} didn't end on SIGTERM")
            child.kill()
            await child.wait()
    left += [f"process {pid} is left" for pid in await _still_there(family)]
    left += [f"room {room} is left" for room in await stack.rooms()]
    if left:
        raise AssertionError("\n".join([*left, "--- the stack's log", *list(stack.log)[-100:]]))


def _descendants(pid: int) -> list[int]:
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


async def _still_there(pids: set[int]) -> list[int]:
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        alive = [pid for pid in pids if _is_alive(pid)]
        if not alive or time.monotonic() > deadline_s:
            return alive
        await asyncio.sleep(_POLL_S)


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _specs(
    stack: Stack, folder: Path, flags: Sequence[str], env: Mapping[str, str], ports: tuple[int, int]
) -> list[ChildSpec]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REACTOR_", "LIVEKIT_"))}
    shared = kept | {
        "REACTOR_RUNTIME_KEY": stack.runtime_key,
        "REACTOR_LOG_FORMAT": "json",
        "REACTOR_VERBOSE": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONPATH": str(TESTS),  # models of tests use helpers of tests
        "PYTHONUNBUFFERED": "1",
        **env,
    }
    secret = {
        "REACTOR_RUNTIME_URL": stack.runtime_url,
        "REACTOR_ROOM_PREFIX": stack.room_prefix,
        "LIVEKIT_URL": stack.livekit.url,
        "LIVEKIT_API_KEY": stack.livekit.api_key,
        "LIVEKIT_API_SECRET": stack.livekit.api_secret,
    }
    python = (sys.executable, "-P", "-m")
    coordinator = [*python, "reactor_coordinator", "--coordinator-port", str(ports[0]), *flags]
    runtime = [*python, "reactor_runtime", "--path", str(folder), "--runtime-port", str(ports[1])]
    return [ChildSpec("runtime", runtime, shared), ChildSpec("coordinator", coordinator, shared | secret)]
