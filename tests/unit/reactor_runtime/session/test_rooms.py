import asyncio
import threading
from collections.abc import AsyncIterator
from unittest.mock import Mock

import pytest

from reactor_protocol.runtime import LiveKitTransport, PrepareRequest, RoomReleased
from reactor_runtime.session import rooms as rooms_module
from reactor_runtime.session.rooms import Rooms
from reactor_runtime.transport.base import VideoFormat
from reactor_runtime.transport.memory import MemoryRoom, MemoryTransport
from support.limits import PATIENCE_S

TRANSPORT = LiveKitTransport(ws_url="ws://nowhere", jwt_token="none")
VIDEO = VideoFormat(64, 64, 30, "vp9")


class Stage:
    def __init__(self) -> None:
        self.room = MemoryRoom()
        self.published: list[object] = []
        self.rooms = Rooms(lambda *_, **__: MemoryTransport(self.room), self.published.append, owner=Mock())

    async def prepared(self) -> None:
        request = PrepareRequest(session_id="one", transport=TRANSPORT, publish=True)
        await self.rooms.prepare(request, VIDEO, takes_camera=False)
        assert self.room.connected

    async def left(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.published:  # noqa: ASYNC110 - a list can't be waited for
                await asyncio.sleep(0.01)


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    stage = Stage()
    await stage.prepared()
    yield stage
    await stage.rooms.close(PATIENCE_S)


async def test_a_room_is_fed_no_more_and_left_a_little_later(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "REST_S", 2.0)
    on.rooms.give_up("one")
    async with asyncio.timeout(PATIENCE_S):
        while any(thread.name == "pacer" for thread in threading.enumerate()):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    pictures = on.room.pictures
    assert on.room.connected
    await on.left()
    assert on.room.pictures == pictures
    assert not on.room.connected
    assert on.published == [RoomReleased(session_id="one", lost=False)]


async def test_at_the_end_of_the_process_a_room_is_left_at_once(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "REST_S", 10 * PATIENCE_S)
    on.rooms.give_up("one")
    await asyncio.wait_for(on.rooms.close(PATIENCE_S), PATIENCE_S)
    assert not on.room.connected
    assert on.published == [RoomReleased(session_id="one", lost=False)]


async def test_a_lost_room_is_left_at_once(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "REST_S", 10 * PATIENCE_S)
    room = on.rooms._prepared["one"]
    on.rooms.lost(room, "gone")
    await on.left()
    assert not on.room.connected
