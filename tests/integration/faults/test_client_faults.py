"""Clients that vanish, freeze, come twice or not at all: the next session works, and nothing of them is left."""

import asyncio
import json
import random
import signal
import sys
import time

import pytest
from livekit import rtc

from reactor_cli.livekit_server import Endpoint
from support.aftermath import serves, session_of
from support.client_process import client_process
from support.coordinator_process import welcomed
from support.limits import PATIENCE_S
from support.stack import MODELS, Stack, running_stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

ASK = json.dumps({"type": "sessionSetup", "data": {"modelName": "stage", "modelVersion": "1.2.3"}})

ASK_AND_STAY = """
import sys, time
from websockets.sync.client import connect
with connect(sys.argv[1], proxy=None) as socket:
    socket.recv()
    socket.send(sys.argv[2])
    print("asked", flush=True)
    time.sleep(60)
"""


# --- vanish ---------------------------------------------------------------------------------------------------------


async def test_a_killed_owner_makes_room_for_the_next(sound: Stack) -> None:
    async with client_process(sound.url) as owner, client_process(sound.url) as waiting:
        # Both start at once: whoever asked first owns.
        await owner.until(lambda client: client.status in ("ready", "waiting"))
        await waiting.until(lambda client: client.status in ("ready", "waiting"))
        first, second = (owner, waiting) if owner.status != "waiting" else (waiting, owner)
        await first.sees()
        first.send_signal(signal.SIGKILL)
        await second.sees()
        assert second.sessions != first.sessions


async def test_those_behind_a_killed_waiting_client_move_up(sound: Stack) -> None:
    async with welcomed(sound.url) as owner, client_process(sound.url) as killed, welcomed(sound.url) as behind:
        granted = await owner.start()
        await killed.until(lambda client: client.position == 1)
        await behind.ask()
        assert (await behind.skip_to("waiting-info"))["position"] == 2
        killed.send_signal(signal.SIGKILL)
        while (await behind.skip_to("waiting-info"))["position"] != 1:
            pass
        assert await session_of(sound) == granted["sessionId"]


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.1])
async def test_a_client_killed_while_it_is_being_granted_leaves_nothing(sound: Stack, delay_s: float) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASK_AND_STAY, sound.url, ASK), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"asked\n"
    await asyncio.sleep(delay_s)
    process.kill()
    await process.wait()


async def test_an_owner_that_froze_for_ten_seconds_goes_on(sound: Stack) -> None:
    async with client_process(sound.url) as owner:
        await owner.sees()
        session = await session_of(sound)
        owner.send_signal(signal.SIGSTOP)
        await asyncio.sleep(10.0)
        owner.send_signal(signal.SIGCONT)
        await owner.sees(20)
        assert await session_of(sound) == session


async def test_an_owner_that_froze_for_a_minute_has_made_room_and_is_told(sound: Stack) -> None:
    async with client_process(sound.url) as owner:
        await owner.sees()
        async with client_process(sound.url) as waiting:
            await waiting.until(lambda client: client.position == 1)
            owner.send_signal(signal.SIGSTOP)
            frozen_s = time.monotonic()
            # The ping and its limit, the grace of those for whom somebody waits, a picture.
            await waiting.sees()
            await asyncio.sleep(max(0.0, frozen_s + 60.0 - time.monotonic()))
            owner.send_signal(signal.SIGCONT)
            await owner.until(lambda client: client.end is not None)
            await waiting.sees()


@pytest.mark.long
async def test_a_waiting_client_that_froze_is_passed_over_at_its_turn(sound: Stack) -> None:
    """Its turn comes, it doesn't join: the ping finds out first, and who is behind is served."""
    async with welcomed(sound.url) as owner, client_process(sound.url) as frozen:
        await owner.start()
        await frozen.until(lambda client: client.position == 1)
        frozen.send_signal(signal.SIGSTOP)
        async with client_process(sound.url) as behind:
            await behind.until(lambda client: client.position == 2)
            await owner.send("sessionEnd")
            await behind.sees(5, limit_s=40.0)
            frozen.send_signal(signal.SIGKILL)


# --- join twice, late, never ----------------------------------------------------------------------------------------


async def test_a_second_join_with_one_token_takes_over_and_the_session_goes_on(sound: Stack) -> None:
    async with welcomed(sound.url) as owner, welcomed(sound.url) as waiting:
        granted = await owner.start()
        await waiting.ask()
        rooms = [rtc.Room(), rtc.Room()]
        thrown_out = asyncio.Event()
        rooms[0].on("disconnected", lambda _reason: thrown_out.set())
        subscribed = asyncio.Event()
        rooms[1].on("track_subscribed", lambda *_: subscribed.set())
        options = rtc.RoomOptions(single_peer_connection=True)
        for room in rooms:
            await room.connect(granted["livekitWsUrl"], granted["livekitJwtToken"], options)
            await asyncio.sleep(0.5)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await thrown_out.wait()
                await subscribed.wait()
            # Longer than the grace of a client that LiveKit has lost, and LiveKit's own delay of telling.
            await asyncio.sleep(4.0)
            assert await session_of(sound) == granted["sessionId"]
        finally:
            for room in reversed(rooms):
                await room.disconnect()
        await owner.skip_to("session-ended")


async def test_a_client_that_never_joins_is_told_and_may_ask_again(livekit_server: Endpoint) -> None:
    flags = ("--join-timeout", "5.0")  # `serves` joins in time, on a slow machine as well
    async with running_stack(MODELS / "stage", livekit=livekit_server, flags=flags) as stack:
        async with welcomed(stack.url) as client:
            for _ in range(2):
                granted = await client.start()
                ended = await client.skip_to("session-ended")
                assert (ended["sessionId"], ended["reason"]) == (granted["sessionId"], "join_timeout")
        await serves(stack)


@pytest.mark.parametrize("seed", [1])
async def test_clients_that_close_during_the_grant_leave_nothing(sound: Stack, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - replayable
    for _ in range(15):
        async with welcomed(sound.url) as client:
            await client.ask()
            await asyncio.sleep(rng.choice([0.0, rng.uniform(0.0, 0.05), rng.uniform(0.0, 0.4)]))
            match rng.choice(["close", "vanish", "end"]):
                case "vanish":
                    client.vanish()
                case "end":
                    await client.send("sessionEnd")


async def join(granted: dict[str, str]) -> rtc.Room:
    room = rtc.Room()
    options = rtc.RoomOptions(single_peer_connection=True)
    await room.connect(granted["livekitWsUrl"], granted["livekitJwtToken"], options)
    return room


@pytest.mark.parametrize("stays_s", [0.0, 0.1])
@pytest.mark.parametrize("first", ["the room", "the socket"])
async def test_a_client_that_leaves_right_after_joining_leaves_nothing(
    sound: Stack, stays_s: float, first: str
) -> None:
    async with welcomed(sound.url) as client:
        room = await join(await client.start())
        await asyncio.sleep(stays_s)
        if first == "the socket":
            await client.send("sessionEnd")
        await room.disconnect()


async def test_a_client_that_leaves_only_the_room_before_anybody_was_told_of_it_makes_room(sound: Stack) -> None:
    """LiveKit never tells of participants that come and go within its batches of 3 s."""
    async with welcomed(sound.url) as client, client_process(sound.url) as waiting:
        granted = await client.start()
        await waiting.until(lambda client: client.position == 1)
        room = await join(granted)
        # The runtime has noticed it by its subscription; one that it hasn't noticed ends by the join timeout.
        async with asyncio.timeout(PATIENCE_S):
            while not any(granted["sessionId"] in line for line in sound.logged('"client_joined"')):  # noqa: ASYNC110 - a line of a log
                await asyncio.sleep(0.05)
        await room.disconnect()
        ended = await client.skip_to("session-ended")
        assert (ended["sessionId"], ended["reason"]) == (granted["sessionId"], "client_left_room")
        await waiting.sees()


# --- stopped behind our back ----------------------------------------------------------------------------------------


async def test_a_session_that_somebody_stopped_at_the_runtime_is_told_as_lost(sound: Stack) -> None:
    async with welcomed(sound.url) as client:
        granted = await client.start()
        answer = await sound.ask_runtime("/stop_session", "POST", {"session_id": granted["sessionId"]})
        assert answer.status_code == 200
        ended = await client.skip_to("session-ended")
        assert (ended["reason"], "runtime server" in ended["message"]) == ("runtime_lost", True)
        assert (await client.start())["sessionId"] != granted["sessionId"]
