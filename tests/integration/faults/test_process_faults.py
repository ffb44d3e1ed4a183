"""Processes of `reactor run` that die: who is told what and when, and that the next client is served."""

import asyncio
import contextlib
import signal
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from reactor_client import Event, Frame, ReactorClient, RefusedError, StatusChanged, Subscription
from reactor_protocol.frontend import ErrorData, SessionEndedData
from support.limits import PATIENCE_S, SLOW
from support.manifests import write_manifest
from support.plain_http import plain_http
from support.reactor_run import Reactor, get, reactors, until_gone, until_ports_free
from support.run_aftermath import rooms, serves, until_one_room
from support.viewer import next_event, numbered

pytestmark = pytest.mark.livekit

TOLD_S = 5.0 * SLOW  # contract: everyone is told by then
BACK_S = 15.0 * SLOW  # a coordinator that is killed can only tell when it is back: after 1.2 s on an idle machine
ENDED_S = 5.0 * SLOW  # and a stack that is asked to end is gone
_MODEL = """
    import time
    from pathlib import Path

    from reactor_runtime import VideoModel, command, get_ctx
    from support import pattern

    class Model(VideoModel):
        def __init__(self, load_s=0.0, end_s=0.0):
            print("loading")
            time.sleep(0.0 if Path("loaded-before").exists() else load_s)
            Path("loaded-before").touch()
            self.end_s = end_s

        def start_session(self):
            ctx, number = get_ctx(), 0
            while not ctx.should_stop():
                ctx.emit_frame(pattern.draw(number, 320, 192))
                number += 1
                ctx.wait(0.04)
            time.sleep(self.end_s)
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = write_manifest(tmp_path / "model", "mine:Model")
    (folder / "mine.py").write_text(textwrap.dedent(_MODEL))
    return folder


@pytest.fixture
def start(model: Path) -> Iterator[Callable[..., Reactor]]:
    with reactors(model) as start:
        yield start


async def started(start: Callable[..., Reactor], *flags: str) -> Reactor:
    reactor = start(*flags)
    await asyncio.to_thread(reactor.until_ready)
    return reactor


async def until_said(reactor: Reactor, event: str) -> None:
    """Wait until that is in the log, and clients can connect."""

    def said() -> bool:
        return bool(reactor.events(event)) and get(f"{reactor.base_url}/health") == 200

    await asyncio.to_thread(reactor.until, said, event)


async def told_of_end(events: Subscription[Event], since_s: float) -> SessionEndedData:
    """The word of the session's end, which comes in time."""
    ended = await next_event(events, SessionEndedData)
    assert time.monotonic() - since_s < TOLD_S
    return ended


async def queued(reactor: Reactor) -> tuple[ReactorClient, "asyncio.Task[None]"]:
    """A client that has been told its place in the queue, and its wait for its turn."""
    client = ReactorClient(reactor.socket_url)
    events = client.events()
    connecting = asyncio.create_task(client.connect())
    await next_event(events, StatusChanged, lambda event: event.status == "waiting")
    return client, connecting


async def its_turn(client: ReactorClient, connecting: "asyncio.Task[None]") -> None:
    """See that a client that waited is served."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await connecting
            await numbered(client.frames(), 3)
    finally:
        await client.disconnect()


async def until_health(reactor: Reactor, wanted: Callable[[dict[str, Any]], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    async with plain_http() as asked:
        while not wanted(health := (await asked.get(f"{reactor.base_url}/health")).json()):
            assert time.monotonic() < deadline_s, health
            await asyncio.sleep(0.02)


async def until_restarted(reactor: Reactor, before: dict[str, psutil.Process], *names: str) -> None:
    def back() -> bool:
        family = reactor.family()
        return all(name in family and family[name].pid != before[name].pid for name in names)

    await asyncio.to_thread(reactor.until, back, f"new {names}")


# --- LiveKit ------------------------------------------------------------------------------------------------------


async def test_livekit_killed_while_nobody_is_there_costs_the_next_client_nothing(
    start: Callable[..., Reactor],
) -> None:
    reactor = await started(start)
    await until_one_room(reactor)
    prepared = await rooms(reactor)
    before = reactor.family()
    before["livekit-server"].kill()
    await until_restarted(reactor, before, "livekit-server")
    await serves(reactor)
    await until_one_room(reactor, prepared)
    assert [(record["part"], record["exit_code"]) for record in reactor.events("restarting")] == [("livekit", -9)]


async def test_livekit_killed_during_a_session_is_told_and_the_next_in_the_queue_gets_its_turn(
    start: Callable[..., Reactor],
) -> None:
    reactor = await started(start)
    async with ReactorClient(reactor.socket_url) as owner:
        events = owner.events()
        await numbered(owner.frames())
        old = await rooms(reactor)
        waiting = await queued(reactor)
        reactor.family()["livekit-server"].kill()
        ended = await told_of_end(events, time.monotonic())
        assert ended.reason == "livekit_lost"
        await its_turn(*waiting)
    await serves(reactor)
    await until_one_room(reactor, old)
    assert [record["part"] for record in reactor.events("restarting")] == ["livekit"]


async def test_livekit_that_hangs_is_told_and_served_again_once_it_goes_on(start: Callable[..., Reactor]) -> None:
    reactor = await started(start)
    livekit = reactor.family()["livekit-server"]
    async with ReactorClient(reactor.socket_url) as owner:
        events = owner.events()
        await numbered(owner.frames())
        old = await rooms(reactor)
        livekit.suspend()
        try:
            ended = await told_of_end(events, time.monotonic())
        finally:
            livekit.resume()
        assert ended.reason == "livekit_lost"
    await serves(reactor)
    await until_one_room(reactor, old)
    assert not reactor.events("restarting")


# --- the runtime server -------------------------------------------------------------------------------------------


async def test_the_runtime_killed_while_it_loads_loads_again_and_serves_who_waited(
    start: Callable[..., Reactor], model: Path
) -> None:
    write_manifest(model, "mine:Model", args={"load_s": 600.0})
    reactor = start()
    await until_said(reactor, "loading")
    waiting = await queued(reactor)
    (model / "loaded-before").touch()
    before = reactor.family()
    before["reactor_runtime"].kill()
    await its_turn(*waiting)
    until_gone([before["reactor_runtime.worker"]])
    await until_one_room(reactor)


async def test_the_runtime_killed_while_ready_costs_the_next_client_nothing(start: Callable[..., Reactor]) -> None:
    reactor = await started(start)
    await until_one_room(reactor)
    old, before = await rooms(reactor), reactor.family()
    before["reactor_runtime"].kill()
    await serves(reactor)
    await until_one_room(reactor, old)
    until_gone([before["reactor_runtime.worker"]])


async def test_the_runtime_killed_while_its_model_has_failed_loads_it_again_and_tells_who_waits(
    start: Callable[..., Reactor], model: Path
) -> None:
    good = (model / "mine.py").read_text()
    (model / "mine.py").write_text("import no_such_package_anywhere\n")
    reactor = start()
    await until_said(reactor, "load_failed")
    await until_health(reactor, lambda health: health["runtime"]["state"] == "failed")
    client = ReactorClient(reactor.socket_url)
    events = client.events()
    connecting = asyncio.create_task(client.connect())
    assert await told_of_failed_load(events) == set()
    reactor.family()["reactor_runtime"].kill()
    # Its next room may have been on the way.
    assert await told_of_failed_load(events) <= {"GPU_CONNECTION_FAILED"}
    assert not connecting.done()
    (model / "mine.py").write_text(good)
    await its_turn(client, connecting)
    assert [record["part"] for record in reactor.events("restarting")] == ["runtime"]
    await until_one_room(reactor)


async def told_of_failed_load(events: Subscription[Event]) -> set[str]:
    """Wait until a client is told that the model doesn't load; what went wrong before. All of it keeps its place."""
    before = set[str]()
    while (told := await next_event(events, ErrorData)).code != "MODEL_LOADING_FAILED":
        assert told.recoverable
        before.add(told.code)
    assert told.recoverable
    assert "no_such_package_anywhere" in told.message
    return before


async def test_the_runtime_killed_while_a_session_starts_costs_its_client_only_time(
    start: Callable[..., Reactor],
) -> None:
    reactor = await started(start)
    await serves(reactor)
    await until_health(reactor, lambda health: health["room_prepared"] and health["runtime"]["state"] == "ready")
    old, before = await rooms(reactor), reactor.family()
    runtime = before["reactor_runtime"]
    runtime.suspend()  # the grant's call doesn't return any more
    client = ReactorClient(reactor.socket_url)
    connecting = asyncio.create_task(client.connect())
    await until_health(reactor, lambda health: health["session"] == "granting")
    runtime.kill()
    await its_turn(client, connecting)
    until_gone([before["reactor_runtime.worker"]])
    await until_one_room(reactor, old)


async def test_the_runtime_killed_during_a_session_is_told_and_the_next_in_the_queue_gets_its_turn(
    start: Callable[..., Reactor],
) -> None:
    reactor = await started(start)
    before = reactor.family()
    async with ReactorClient(reactor.socket_url) as owner:
        events = owner.events()
        await numbered(owner.frames())
        old = await rooms(reactor)
        waiting = await queued(reactor)
        before["reactor_runtime"].kill()
        ended = await told_of_end(events, time.monotonic())
        assert ended.reason == "runtime_lost"
        await its_turn(*waiting)
    until_gone([before["reactor_runtime.worker"]])
    await until_one_room(reactor, old)


async def test_a_runtime_that_hangs_is_told_and_served_again_once_it_goes_on(start: Callable[..., Reactor]) -> None:
    reactor = await started(start)
    runtime = reactor.family()["reactor_runtime"]
    async with ReactorClient(reactor.socket_url) as owner:
        events = owner.events()
        await numbered(owner.frames())
        old = await rooms(reactor)
        runtime.suspend()
        try:
            ended = await told_of_end(events, time.monotonic())
        finally:
            runtime.resume()
        assert ended.reason == "runtime_lost"
    await serves(reactor)
    await until_one_room(reactor, old)
    assert not reactor.events("restarting")


async def test_the_runtime_killed_between_two_sessions_serves_the_next_in_the_queue(
    start: Callable[..., Reactor], model: Path
) -> None:
    write_manifest(model, "mine:Model", args={"end_s": 30.0})
    reactor = await started(start)
    async with ReactorClient(reactor.socket_url) as owner:
        await numbered(owner.frames())
        old = await rooms(reactor)
        waiting = await queued(reactor)
    write_manifest(model, "mine:Model")
    before = reactor.family()
    before["reactor_runtime"].kill()  # the model is in its 30 s
    await its_turn(*waiting)
    until_gone([before["reactor_runtime.worker"]])
    await until_one_room(reactor, old)


# --- the coordinator, everything ----------------------------------------------------------------------------------


async def refused_to_resume(pictures: Subscription[Frame]) -> None:
    """Follow the pictures until their client, back at a coordinator that is new, is told that its session is over."""
    with pytest.raises(RefusedError) as told:
        async with asyncio.timeout(BACK_S):
            async for _ in pictures:
                pass
    assert told.value.code == "RESUME_FAILED"


async def test_the_coordinator_killed_during_a_session_leaves_no_room_and_serves_who_comes_back(
    start: Callable[..., Reactor],
) -> None:
    reactor = await started(start)
    before = reactor.family()
    async with ReactorClient(reactor.socket_url) as owner:
        pictures = owner.frames()
        await numbered(pictures)
        old = await rooms(reactor)
        before["reactor_coordinator"].kill()
        await refused_to_resume(pictures)
        await owner.disconnect()
        await owner.connect(PATIENCE_S)
        await numbered(owner.frames(), 3)
    await until_one_room(reactor, old)
    after = reactor.family()
    assert {name: after[name].pid for name in ("reactor_runtime", "reactor_runtime.worker", "livekit-server")} == {
        name: before[name].pid for name in ("reactor_runtime", "reactor_runtime.worker", "livekit-server")
    }


async def test_all_processes_killed_at_once_are_back_and_serve(start: Callable[..., Reactor]) -> None:
    reactor = await started(start)
    before = reactor.family()
    async with ReactorClient(reactor.socket_url) as owner:
        pictures = owner.frames()
        await numbered(pictures)
        for process in before.values():
            with contextlib.suppress(psutil.NoSuchProcess):  # the worker goes with the runtime
                process.kill()
        await refused_to_resume(pictures)
    await until_restarted(reactor, before, "livekit-server", "reactor_runtime", "reactor_coordinator")
    await serves(reactor)
    until_gone(list(before.values()))
    await until_one_room(reactor)


# --- the end ------------------------------------------------------------------------------------------------------


async def end(reactor: Reactor) -> None:
    """End it as a user does, and see that nothing is left in time."""
    family = list(reactor.family().values())
    began_s = time.monotonic()
    reactor.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(reactor.process.wait, PATIENCE_S) == 0
    assert time.monotonic() - began_s < ENDED_S
    until_gone(family)
    until_ports_free(reactor.ports)


async def refused_for_the_end(events: Subscription[Event], connecting: "asyncio.Task[None]") -> None:
    """See that a client that waited is told why it waits no longer."""
    refusal = await next_event(events, ErrorData)
    assert (refusal.code, "shutting down" in refusal.message) == ("NO_CAPACITY", True)
    with pytest.raises(RefusedError, match="NO_CAPACITY"):
        await connecting


async def test_an_end_during_a_session_is_told_to_its_client_and_to_those_who_wait(
    start: Callable[..., Reactor],
) -> None:
    reactor = await started(start)
    async with ReactorClient(reactor.socket_url) as owner:
        events = owner.events()
        await numbered(owner.frames())
        waiter, connecting = await queued(reactor)
        refusals = waiter.events()
        ending = asyncio.create_task(end(reactor))
        assert (await told_of_end(events, time.monotonic())).reason == "shutting_down"
        await refused_for_the_end(refusals, connecting)
        await ending


async def test_an_end_during_a_hand_over_is_told_to_who_is_next(start: Callable[..., Reactor], model: Path) -> None:
    write_manifest(model, "mine:Model", args={"end_s": 30.0})
    reactor = await started(start)
    async with ReactorClient(reactor.socket_url) as owner:
        await numbered(owner.frames())
        waiter, connecting = await queued(reactor)
        refusals = waiter.events()
    ending = asyncio.create_task(end(reactor))  # the model is in its 30 s
    await refused_for_the_end(refusals, connecting)
    await ending


async def test_an_end_while_the_model_loads_is_told_to_those_who_wait(
    start: Callable[..., Reactor], model: Path
) -> None:
    write_manifest(model, "mine:Model", args={"load_s": 600.0})
    reactor = start()
    await until_said(reactor, "loading")
    waiters = [await queued(reactor) for _ in range(2)]
    refusals = [waiter.events() for waiter, _ in waiters]
    ending = asyncio.create_task(end(reactor))
    for heard, (_, connecting) in zip(refusals, waiters, strict=True):
        await refused_for_the_end(heard, connecting)
    await ending


def test_an_end_before_anything_is_up_leaves_nothing(start: Callable[..., Reactor]) -> None:
    reactor = start()
    reactor.until(lambda: "livekit-server" in reactor.family(), "LiveKit")
    asyncio.run(end(reactor))
