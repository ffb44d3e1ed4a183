"""Rooms on a real LiveKit server, and a client in them that only uses the library."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from livekit import api, rtc

from reactor_cli.livekit_server import Endpoint
from reactor_runtime.transport.base import Rotation
from support.limits import PATIENCE_S
from support.pattern import Picture


@dataclass(frozen=True, slots=True)
class SessionRoom:
    """A room and the means to enter it."""

    endpoint: Endpoint
    name: str

    def token(self, identity: str) -> str:
        grants = api.VideoGrants(room_join=True, room=self.name)
        made = api.AccessToken(self.endpoint.api_key, self.endpoint.api_secret)
        return made.with_identity(identity).with_grants(grants).to_jwt()


@asynccontextmanager
async def open_room(endpoint: Endpoint) -> AsyncIterator[SessionRoom]:
    """A room as the coordinator makes them, deleted afterwards."""
    http = endpoint.url.replace("ws", "http", 1)
    name = f"test-{secrets.token_hex(8)}"
    async with api.LiveKitAPI(http, endpoint.api_key, endpoint.api_secret) as server:
        request = api.CreateRoomRequest(name=name, empty_timeout=60, min_playout_delay=0, max_playout_delay=5)
        await server.room.create_room(request)
        yield SessionRoom(endpoint, name)
        await server.room.delete_room(api.DeleteRoomRequest(room=name))


@dataclass(slots=True)
class Client:
    """A viewer that decodes what it gets."""

    room: rtc.Room = field(default_factory=rtc.Room)
    pictures: asyncio.Queue[Picture] = field(default_factory=lambda: asyncio.Queue(1000))
    arrived_s: list[float] = field(default_factory=list)
    texts: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(1000))
    _readers: asyncio.Queue[rtc.TextStreamReader] = field(default_factory=lambda: asyncio.Queue(1000))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def join(self, room: SessionRoom, identity: str) -> None:
        self._own(asyncio.create_task(self._read()))
        self.room.on("track_subscribed", self._on_track)
        self.room.register_text_stream_handler("application", self._on_text)
        options = rtc.RoomOptions(single_peer_connection=True)
        await self.room.connect(room.endpoint.url, room.token(identity), options)

    async def leave(self) -> None:
        await self.room.disconnect()
        for task in list(self._tasks):
            task.cancel()
            await asyncio.wait({task})

    async def next_picture(self, timeout_s: float = PATIENCE_S) -> Picture:
        return await asyncio.wait_for(self.pictures.get(), timeout_s)

    async def next_text(self, timeout_s: float = PATIENCE_S) -> str:
        return await asyncio.wait_for(self.texts.get(), timeout_s)

    def _on_track(self, track: rtc.RemoteTrack, *_: object) -> None:
        self._own(asyncio.create_task(self._watch(track)))

    def _on_text(self, reader: rtc.TextStreamReader, _identity: str) -> None:
        self._readers.put_nowait(reader)

    def _own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        while True:  # one after the other: their ends may overtake each other
            reader = await self._readers.get()
            self.texts.put_nowait(await reader.read_all())

    async def _watch(self, track: rtc.Track) -> None:
        loop = asyncio.get_running_loop()
        stream = rtc.VideoStream(track, capacity=1, format=rtc.VideoBufferType.RGB24)
        try:
            async for event in stream:
                frame = event.frame
                self.arrived_s.append(loop.time())
                if self.pictures.full():
                    self.pictures.get_nowait()
                picture = np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 3)
                self.pictures.put_nowait(picture)
        finally:
            await stream.aclose()


@dataclass(slots=True)
class Heard:
    """A listener that writes down what it is told."""

    events: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    camera: list[tuple[Picture, Rotation]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, event: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until it has been told `event`."""
        async with asyncio.timeout(timeout_s):
            while event not in self.events:
                self.changed.clear()
                await self.changed.wait()

    async def until_texts(self, count: int, timeout_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(timeout_s):
            while len(self.texts) < count:
                self.changed.clear()
                await self.changed.wait()

    def client_joined(self) -> None:
        self._note("joined")

    def client_subscribed(self) -> None:
        self._note("subscribed")

    def client_left(self, *, deliberate: bool) -> None:
        self._note("left" if deliberate else "lost client")

    def message(self, text: str) -> None:
        self.texts.append(text)
        self._note("message")

    def message_too_large(self, limit_bytes: int) -> None:
        self._note("too large")

    def camera_frame(self, pixels: memoryview, width: int, height: int, rotation: Rotation) -> None:
        picture = np.frombuffer(bytes(pixels), np.uint8).reshape(height, width, 3)
        self.camera = [*self.camera[-20:], (picture, rotation)]
        self._note("camera")

    def interrupted(self) -> None:
        self._note("interrupted")

    def media_stalled(self) -> None:
        self._note("stalled")

    def media_resumed(self) -> None:
        self._note("resumed")

    def lost(self, message: str) -> None:
        self._note("lost")

    def _note(self, event: str) -> None:
        self.events.append(event)
        self.changed.set()
