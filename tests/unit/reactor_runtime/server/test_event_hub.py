import asyncio
import json
from typing import Any

import pytest

from reactor_protocol.runtime import Readiness, Ready, Snapshot
from reactor_runtime.server.events import QUEUE, EventHub


def snapshot() -> Snapshot:
    return Snapshot(
        readiness=Readiness(state="ready"),
        session_id=None,
        prepared=[],
        model_name="m",
        model_version="1.0.0",
        video_input=False,
        audio_input=False,
    )


async def take(hub: EventHub, count: int) -> list[dict[str, Any]]:
    subscription = hub.subscribe(snapshot())
    for _ in range(count - 1):
        hub.publish(Ready())
    texts = subscription.texts()
    result = [json.loads(await anext(texts)) for _ in range(count)]
    hub.unsubscribe(subscription)
    return result


async def test_a_listener_gets_a_snapshot_and_then_every_event_with_the_next_number() -> None:
    hub = EventHub()
    hub.publish(Ready())
    events = await take(hub, 4)
    assert [event["type"] for event in events] == ["snapshot", "ready", "ready", "ready"]
    assert [event["seq"] for event in events] == [1, 2, 3, 4]
    assert {event["instance"] for event in events} == {hub.instance}


async def test_each_process_is_another_instance() -> None:
    assert EventHub().instance != EventHub().instance


async def test_a_listener_that_does_not_read_is_cut_and_others_are_not() -> None:
    hub = EventHub()
    slow, fast = hub.subscribe(snapshot()), hub.subscribe(snapshot())
    texts = fast.texts()
    for _ in range(QUEUE + 1):
        hub.publish(Ready())
        await anext(texts)
    assert slow.cut.is_set()
    assert not fast.cut.is_set()


async def test_silence_counts_from_the_last_listeners_leaving() -> None:
    hub = EventHub()
    await asyncio.sleep(0.01)
    assert hub.silence_s() > 0
    first, second = hub.subscribe(snapshot()), hub.subscribe(snapshot())
    hub.unsubscribe(first)
    assert hub.silence_s() == 0
    hub.unsubscribe(second)
    await asyncio.sleep(0.01)
    assert 0 < hub.silence_s() < 5


async def test_heartbeats_are_numbered_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reactor_runtime.server.events.HEARTBEAT_S", 0.01)
    hub = EventHub()
    texts = hub.subscribe(snapshot()).texts()
    beating = asyncio.create_task(hub.beat())
    events = [json.loads(await anext(texts)) for _ in range(3)]
    beating.cancel()
    assert [event["type"] for event in events] == ["snapshot", "heartbeat", "heartbeat"]
    assert [event["seq"] for event in events] == [0, 1, 2]


async def test_closing_cuts_all_and_accepts_none() -> None:
    hub = EventHub()
    subscription = hub.subscribe(snapshot())
    hub.close()
    assert subscription.cut.is_set()
    assert not hub.accepting
