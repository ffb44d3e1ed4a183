"""The runtime server's core with a real worker and rooms in memory."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from reactor_protocol.runtime import (
    LiveKitTransport,
    PrepareRequest,
    RuntimeEvent,
    StartSessionRequest,
    StartSessionResponse,
    StopSessionRequest,
)
from reactor_runtime.session.controller import Controller
from reactor_runtime.transport.base import Transport
from reactor_runtime.transport.memory import MemoryRoom, MemoryTransport
from reactor_runtime.worker.history import ModelHistory
from reactor_runtime.worker.supervisor import Supervisor
from support.manifests import write_manifest

DEADLINE_S = 60.0

HEADER = """
import os, signal, sys, threading, time
import numpy as np
from reactor_runtime import VideoModel, command, get_ctx

def picture(n):
    return np.full((48, 64, 3), n % 256, np.uint8)
"""

STREAM = """
class Model(VideoModel):
    sessions = 0
    def start_session(self):
        Model.sessions += 1
        ctx = get_ctx()
        ctx.send({"session": Model.sessions, "pid": os.getpid()})
        n = 0
        while True:
            ctx.emit_frame(picture(n))
            n += 1
            time.sleep(0.01)
    @command("echo")
    def echo(self, value: int = 0):
        get_ctx().send({"echo": value})
    @command("crash")
    def crash(self, number: int = 11):
        os.kill(os.getpid(), number)
"""
"""Emits for ever, counts its sessions, echoes, crashes on demand."""


def write_model(folder: Path, source: str = STREAM, **manifest: Any) -> Path:
    """Make (or change) a model folder; `source` defines `class Model`."""
    write_manifest(folder, "model:Model", model_name="test", **manifest)
    (folder / "model.py").write_text(HEADER + source)
    return folder


class Core:
    """A controller, the events it published and the rooms it was sent to."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.events: list[RuntimeEvent] = []
        self.rooms: dict[str, MemoryRoom] = {}
        self.silence_s = 0.0
        self._news = asyncio.Event()
        self.history = ModelHistory(cache, folder)
        self.supervisor = Supervisor(folder, self.history)
        self.controller = Controller(
            self.supervisor,
            self.history,
            open_transport=self._open,
            publish=self._publish,
            silence_s=lambda: self.silence_s,
        )

    def room(self, session_id: str) -> MemoryRoom:
        return self.rooms.setdefault(session_id.removeprefix("memory://"), MemoryRoom())

    def _open(self, parameters: LiveKitTransport, *, takes_camera: bool, connect_s: float | None = None) -> Transport:
        return MemoryTransport(self.room(parameters.ws_url))

    def _publish(self, event: RuntimeEvent) -> None:
        self.events.append(event)
        self._news.set()

    def types(self, since: int = 0) -> list[str]:
        return [event.type for event in self.events[since:] if event.type != "loading"]

    async def event(self, kind: str, *, since: int = 0, **fields: Any) -> Any:
        """Wait for the first event of that type and those values."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                self._news.clear()
                for event in self.events[since:]:
                    if event.type == kind and all(getattr(event, key) == fields[key] for key in fields):
                        return event
                await self._news.wait()

    async def start(self, session_id: str, **values: Any) -> StartSessionResponse:
        return await self.controller.start(
            StartSessionRequest(session_id=session_id, transport=address(session_id), client_identity="c", **values)
        )

    async def prepare(self, session_id: str, **values: Any) -> None:
        await self.controller.prepare(
            PrepareRequest(session_id=session_id, transport=address(session_id), client_identity="c", **values)
        )

    def stop(self, session_id: str) -> str:
        return self.controller.stop(StopSessionRequest(session_id=session_id)).state

    async def hand_over(self, old: str, new: str) -> None:
        """Stop one session and start the next as soon as the runtime is ready."""
        since = len(self.events)
        self.stop(old)
        await self.event("ready", since=since)
        await self.start(new)

    async def message(self, session_id: str, key: str) -> Any:
        """Wait for the model's message with that key; its value."""
        room = self.room(session_id)
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for message in map(json.loads, list(room.texts)):
                    if message["type"] == "application" and key in message["data"]:
                        return message["data"][key]
                await asyncio.sleep(0.005)

    async def notice(self, session_id: str, kind: str) -> Any:
        """Wait for what the runtime itself says to the client."""
        await until(lambda: bool(self.notices(session_id, kind)))
        return self.notices(session_id, kind)[0]

    def notices(self, session_id: str, kind: str) -> list[Any]:
        """What the runtime itself has said of that kind."""
        said = [message["data"] for message in self._texts(session_id) if message["type"] == "runtime"]
        return [notice["data"] for notice in said if notice["type"] == kind]

    def _texts(self, session_id: str) -> list[Any]:
        return [json.loads(text) for text in list(self.room(session_id).texts)]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def address(session_id: str) -> LiveKitTransport:
    return LiveKitTransport(ws_url=f"memory://{session_id}", jwt_token="t")


@contextlib.asynccontextmanager
async def running_core(folder: Path, cache: Path, *, wait: bool = True) -> AsyncIterator[Core]:
    """Run the core on a model folder, until ready; nothing of it is left afterwards."""
    core = Core(folder, cache)
    task = asyncio.create_task(core.controller.run())
    try:
        if wait:
            await core.event("ready")
        yield core
    finally:
        async with asyncio.timeout(DEADLINE_S):
            await core.controller.close()
            await task
    assert core.supervisor.worker_pid is None
    assert not [id_ for id_, room in core.rooms.items() if room.connected or room.published is not None]
