import asyncio
import socket
import time
from collections.abc import Collection

import pytest

from reactor_coordinator import livekit_watch
from reactor_coordinator.errors import RoomError
from reactor_coordinator.livekit_watch import LiveKitWatch
from reactor_coordinator.rooms import Rooms
from support.limits import PATIENCE_S
from support.ports import free_ports


class FakeLiveKit:
    def __init__(self) -> None:
        self.rooms: set[str] | None = set()
        self.absent = False
        self.asked = 0

    async def missing(self, session_ids: Collection[str]) -> frozenset[str]:
        self.asked += 1
        if self.rooms is None:
            raise RoomError("gone", absent=self.absent)
        return frozenset(session_ids) - self.rooms


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livekit_watch, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(livekit_watch, "LOST_AFTER_S", 0.1)


async def watched(
    livekit: FakeLiveKit, in_use: set[str], for_s: float, patience_s: float = 0.1
) -> list[tuple[set[str], float]]:
    """Which rooms were told to be lost first, and how long after the beginning; nothing if none were for so long."""
    told: list[tuple[set[str], float]] = []
    began_s = time.monotonic()

    def lost(session_ids: frozenset[str], _message: str) -> None:
        told.append((set(session_ids), time.monotonic() - began_s))
        in_use.difference_update(session_ids)

    watch = LiveKitWatch(livekit.missing, lambda: frozenset(in_use), lost, patience_s)
    task = asyncio.create_task(watch.run())
    while not told and time.monotonic() < began_s + for_s:  # noqa: ASYNC110 - the watch tells nobody else
        await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.wait({task})
    return told


async def test_a_room_that_livekit_does_not_have_is_lost_at_once() -> None:
    livekit = FakeLiveKit()
    livekit.rooms = {"a"}
    assert [rooms for rooms, _ in await watched(livekit, {"a", "b"}, PATIENCE_S)] == [{"b"}]


async def test_a_livekit_out_of_reach_has_lost_all_rooms_after_a_while() -> None:
    livekit = FakeLiveKit()
    livekit.rooms = None
    [(rooms, after_s)] = await watched(livekit, {"a", "b"}, PATIENCE_S)
    assert rooms == {"a", "b"}
    assert after_s >= 0.1


async def test_a_livekit_that_is_only_silent_may_be_so_for_as_long_as_its_place_allows() -> None:
    livekit = FakeLiveKit()
    livekit.rooms = None
    assert await watched(livekit, {"a"}, 0.4, patience_s=30.0) == []


async def test_a_livekit_that_is_not_there_any_more_is_not_waited_for() -> None:
    livekit = FakeLiveKit()
    livekit.rooms, livekit.absent = None, True
    [(rooms, _)] = await watched(livekit, {"a"}, PATIENCE_S, patience_s=2 * PATIENCE_S)
    assert rooms == {"a"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_livekit_on_this_machine_gets_less_patience_than_one_elsewhere(host: str) -> None:
    assert livekit_watch.patience_s(f"ws://{host}:7880") < livekit_watch.patience_s("wss://media.example.com")


async def test_a_port_where_nobody_listens_is_told_from_one_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port, absent in ((free_ports(1)[0], True), (silent.getsockname()[1], False)):
            rooms = Rooms(f"ws://127.0.0.1:{port}", "key", "s" * 32, prefix="t-", latency="low", orphan_s=30)
            with pytest.raises(RoomError) as caught:
                await rooms.missing({"a"})
            assert caught.value.absent is absent
            await rooms.aclose()


async def test_without_rooms_livekit_is_left_alone() -> None:
    livekit = FakeLiveKit()
    assert await watched(livekit, set(), 0.1) == []
    assert livekit.asked == 0
