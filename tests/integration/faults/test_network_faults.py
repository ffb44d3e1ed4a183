"""A viewer on another machine, and everything that a network does to it: two namespaces and a cable between them.

The servers are started as a user would for the machines of a home network: `reactor run --host 0.0.0.0`.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest

from support.client_process import ClientProcess, client_process
from support.limits import PATIENCE_S, SLOW
from support.network import Cable, Conditions, Machine, need_namespaces
from support.reactor_run import Reactor, reactors
from support.stack import MODELS

pytestmark = pytest.mark.livekit

_SOON_S = 10.0  # promised: 1 s. Less than the 15 s after which WebRTC gives a path up: it never had to
_PATH_GIVEN_UP_S = 15.0  # by WebRTC, which no client's program can change
_SETTLE_S = 2.0  # of pictures, before a fault
_NOTICED_S = PATIENCE_S
_BAD_S = 4.0  # of a bad cable; of pictures that the model makes in that time
_BAD_PICTURES = 96
_UNTIL_PREPARED = """
import json, sys, time, urllib.request
while not json.load(urllib.request.urlopen(sys.argv[1], timeout=60))["room_prepared"]:
    time.sleep(0.05)
"""
_ROW = 12  # pictures; a machine that does other things delays some of so many, not all of them
_STUCK_S = 0.25  # so much older than usual is what a buffer keeps that never empties again; 5 ms is usual


@dataclass
class Home:
    """Two machines and a cable: 0 is the end of the servers, 1 the viewer's."""

    servers: Machine
    viewer: Machine
    cable: Cable
    reactor: Reactor

    def client(self, machine: Machine | None = None) -> AbstractAsyncContextManager[ClientProcess]:
        """A client, of the viewer's machine unless another one is given."""
        url = f"ws://{self.cable.addresses[0]}:{self.reactor.ports['coordinator']}/ws"
        return client_process(url, (machine or self.viewer).command())

    def logged(self, event: str) -> list[dict[str, Any]]:
        """What the servers said."""
        return self.reactor.events(event)

    async def until_prepared(self) -> None:
        """Wait until the runtime is in the next session's room."""
        health = f"http://127.0.0.1:{self.reactor.ports['coordinator']}/health"
        looking = await asyncio.create_subprocess_exec(
            *self.servers.command(sys.executable, "-c", _UNTIL_PREPARED, health)
        )
        async with asyncio.timeout(PATIENCE_S):
            assert await looking.wait() == 0

    async def until_logged(self, event: str, since: int, **values: str) -> None:
        """Wait until the servers have said it more than `since` times; a dead socket is noticed after 20 s."""
        deadline_s = time.monotonic() + _NOTICED_S
        while not any(record | values == record for record in self.logged(event)[since:]):
            assert time.monotonic() < deadline_s, f"nobody said {event}"
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """One for all tests: each leaves it as it was, and each begins with the session after another one's fault."""
    need_namespaces()
    with ExitStack() as parts:
        servers = parts.enter_context(Machine.made("servers"))
        viewer = parts.enter_context(Machine.made("viewer"))
        cable = parts.enter_context(Cable(servers, viewer))
        start = parts.enter_context(reactors(MODELS / "clock"))
        reactor = start("--host", "0.0.0.0", "--verbose", wrapped=servers.command())  # noqa: S104 - in its namespace
        reactor.until_ready()
        yield Home(servers, viewer, cable, reactor)


@pytest.fixture(autouse=True)
def _cable_is_good(home: Home) -> None:
    home.cable.conditions = Conditions()


async def steady(client: ClientProcess) -> float:
    """Let it see pictures for a while; return their usual age in seconds."""
    await client.sees()
    since_s = time.monotonic()
    await client.until(lambda seen: bool(seen.frames) and seen.frames[-1] > since_s + _SETTLE_S)
    return median(client.ages_s[-24:])


def is_live(client: ClientProcess, since_s: float, usual_s: float) -> bool:
    """The pictures made since then are as young as usual: at least one of the last few."""
    ages_s = [age_s for _, age_s in client.made_since(since_s)]
    return len(ages_s) >= _ROW and min(ages_s[-_ROW:]) < usual_s + _STUCK_S


async def recovered(client: ClientProcess, what: str, ended_s: float, usual_s: float, limit_s: float = _SOON_S) -> None:
    """New pictures come again, without the delay of the fault, and it is still the same session."""
    await client.until(lambda seen: bool(seen.made_since(ended_s)), limit_s)
    await client.until(lambda seen: is_live(seen, ended_s, usual_s), limit_s)
    pictures = client.made_since(ended_s)
    first_s, age_s = pictures[0][0] - ended_s, median(age_s for _, age_s in pictures[-_ROW:])
    print(f"\n{what}: pictures {first_s:.2f} s after its end; age {age_s * 1e3:.0f} ms ({usual_s * 1e3:.0f} before)")
    assert client.end is None
    assert {told["of"] for told in client.statuses if told["status"] == "ready"} == set(client.sessions)


@pytest.mark.parametrize(
    ("what", "conditions"), [("5 % loss", Conditions(loss=0.05)), ("100 ms jitter", Conditions(jitter_s=0.1))]
)
async def test_pictures_go_on_over_a_bad_cable(home: Home, what: str, conditions: Conditions) -> None:
    async with home.client() as client:
        usual_s = await steady(client)
        since_s = time.monotonic()
        home.cable.conditions = conditions
        await client.until(lambda seen: len(seen.made_since(since_s)) >= _BAD_PICTURES, SLOW * _BAD_S)
        await client.until(lambda seen: is_live(seen, since_s, usual_s + conditions.jitter_s))
        home.cable.conditions, ended_s = Conditions(), time.monotonic()
        ages_s = [age_s for _, age_s in client.made_since(since_s)]
        print(
            f"\n{what}: {len(ages_s) / (ended_s - since_s):.0f} pictures a second, "
            f"longest gap {client.gaps_s(since_s)[-1] * 1000:.0f} ms, age {median(ages_s) * 1000:.0f} ms"
        )
        await recovered(client, what, ended_s, usual_s)


async def test_a_black_out_of_two_seconds_ends_with_pictures_and_without_its_delay(home: Home) -> None:
    async with home.client() as client:
        usual_s = await steady(client)
        home.cable.conditions = Conditions(cut=True)
        await asyncio.sleep(2.0)
        home.cable.conditions, ended_s = Conditions(), time.monotonic()
        await recovered(client, "black-out of 2 s", ended_s, usual_s)


async def test_where_udp_is_blocked_pictures_come_by_tcp(home: Home) -> None:
    home.cable.conditions = Conditions(udp=False)
    began_s = time.monotonic()
    async with home.client() as client:
        await client.sees()
        print(f"\nUDP blocked: pictures {client.frames[0] - began_s:.2f} s after the client's start")
        await client.until(lambda seen: is_live(seen, began_s, usual_s=0.0))


async def test_udp_that_is_blocked_in_mid_session_freezes_the_picture_until_it_comes_by_tcp(home: Home) -> None:
    async with home.client() as client:
        usual_s = await steady(client)
        home.cable.conditions = Conditions(udp=False)
        blocked_s = time.monotonic()
        await client.until(lambda seen: bool(seen.made_since(blocked_s + 1.0)))
        frozen_s = client.gaps_s(blocked_s - 1.0)[-1]
        print(f"\nUDP blocked in mid-session: frozen for {frozen_s:.1f} s")
        assert frozen_s > _PATH_GIVEN_UP_S - 1.0
        await recovered(client, "UDP blocked in mid-session", time.monotonic(), usual_s)


async def test_a_viewers_interface_that_goes_and_comes_back_costs_no_session(home: Home) -> None:
    async with home.client() as client:
        usual_s = await steady(client)
        with home.cable.pulled(1):
            await asyncio.sleep(4.0)
        await recovered(client, "cable pulled for 4 s", time.monotonic(), usual_s)


async def test_the_interface_that_the_media_of_the_servers_leaves_by_goes_for_good(home: Home) -> None:
    stalls = len(home.logged("the room was entered again"))
    with home.servers.interface("eth7", "10.78.0.1"):
        async with home.client() as earlier:
            await earlier.sees()
            await home.until_prepared()  # the next room, by way of that interface
        client_stays = home.client()
        client = await client_stays.__aenter__()
        usual_s = await steady(client)
        gone_s = time.monotonic()
    try:
        await client.until(lambda seen: seen.frames[-1] > gone_s + 1.0)
        print(f"\ninterface of the servers gone: frozen for {client.gaps_s(gone_s - 1)[-1]:.1f} s")
        await recovered(client, "interface of the servers", time.monotonic(), usual_s)
    finally:
        await client_stays.__aexit__(None, None, None)
    assert len(home.logged("the room was entered again")) > stalls


async def test_the_owner_of_a_pulled_cable_is_replaced_by_the_next_after_the_grace(home: Home) -> None:
    async with AsyncExitStack() as clients:
        owner = await clients.enter_async_context(home.client())
        await steady(owner)
        waiting = await clients.enter_async_context(home.client(home.servers))
        await waiting.until(lambda told: told.position == 1)
        stopped = len(home.logged("session_stopping"))
        with home.cable.pulled(1):
            pulled_s = time.monotonic()
            await home.until_logged("session_stopping", stopped)
            over_s = time.monotonic()
            await waiting.sees(1)
            print(
                f"\ncable pulled for good: given up after {over_s - pulled_s:.1f} s, "
                f"the next one's picture {(waiting.frames[0] - over_s) * 1000:.0f} ms later"
            )
            assert waiting.frames[0] - over_s < _SOON_S
        await owner.until(lambda told: told.end is not None, _NOTICED_S)
        assert owner.end is not None
        assert "RESUME_FAILED" in owner.end


async def test_a_cable_that_is_pulled_until_the_socket_breaks_is_followed_by_a_resume(home: Home) -> None:
    async with home.client() as client:
        usual_s = await steady(client)
        gone, begun = len(home.logged("client_gone")), len(home.logged("a session begins"))
        with home.cable.pulled(1):
            await home.until_logged("client_gone", gone)
        await recovered(client, "cable pulled until the socket broke", time.monotonic(), usual_s, limit_s=PATIENCE_S)
        await home.until_logged("a session begins", begun, session_id=client.sessions[0])
        await client.sees()
    async with home.client() as following:
        await following.sees()
