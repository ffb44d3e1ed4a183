"""A real coordinator process and LiveKit; the runtime is the tests' own."""

import asyncio
import time

import jwt
import pytest
from livekit.api import ListRoomsRequest, LiveKitAPI
from websockets.exceptions import ConnectionClosed

from reactor_cli.livekit_server import Endpoint
from support.coordinator_process import CoordinatorProcess, start_coordinator
from support.core import until
from support.fake_runtime import FakeRuntime, serve_fake_runtime
from support.limits import PATIENCE_S, SLOW

pytestmark = pytest.mark.livekit


@pytest.fixture
def flags() -> tuple[str, ...]:
    return ("--orphan-timeout-queued", "0.5")


async def rooms(livekit: Endpoint, port: int) -> list[str]:
    async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
        found = await api.room.list_rooms(ListRoomsRequest())
    prefix = f"test-{port}-"
    return [room.name.removeprefix(prefix) for room in found.rooms if room.name.startswith(prefix)]


async def until_deleted(livekit: Endpoint, port: int, *names: str) -> None:
    """Wait until none of these rooms is left."""
    deadline_s = time.monotonic() + PATIENCE_S
    while left := set(names) & set(await rooms(livekit, port)):
        assert time.monotonic() < deadline_s, left
        await asyncio.sleep(0.05)


async def test_a_client_is_welcomed_and_granted_a_session(
    coordinator: CoordinatorProcess, runtime: FakeRuntime, livekit_server: Endpoint
) -> None:
    async with coordinator.client() as client:
        data = await client.start()
        assert data["livekitWsUrl"] == livekit_server.url
        assert (data["modelName"], data["modelVersion"], data["expiresAt"]) == ("fake", "1.2.3", None)
        assert data["sessionId"] == runtime.session
        claims = jwt.decode(data["livekitJwtToken"], options={"verify_signature": False})
        assert claims["sub"] == runtime.starts[0].client_identity
        assert claims["video"]["canPublishSources"] == ["none"]
        assert claims["exp"] - time.time() <= 120
        assert data["sessionId"] in await rooms(livekit_server, coordinator.port)


async def test_a_grant_takes_a_blink(coordinator: CoordinatorProcess) -> None:
    took_ms = []
    for _ in range(20):
        async with coordinator.client() as client:
            await coordinator.until(room_prepared=True)
            began = time.perf_counter()
            await client.start()
            took_ms.append((time.perf_counter() - began) * 1000)
    took_ms.sort()
    print(f"grant p50 {took_ms[10]:.1f} ms, max {took_ms[-1]:.1f} ms")
    assert took_ms[10] < 100 * SLOW


async def test_the_runtime_gets_an_agent_token_for_the_same_room(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    async with coordinator.client() as client:
        data = await client.start()
    request = runtime.starts[0]
    claims = jwt.decode(request.transport.jwt_token, options={"verify_signature": False})
    assert claims["kind"] == "agent"
    assert claims["video"]["room"] == f"test-{coordinator.port}-{data['sessionId']}"
    assert claims["video"]["canSubscribe"] is False


async def test_the_next_client_waits_and_is_served(coordinator: CoordinatorProcess, runtime: FakeRuntime) -> None:
    async with coordinator.client() as first, coordinator.client() as second:
        await first.start()
        await second.ask()
        place = await second.expect("waiting-info")
        assert place == {"position": 1, "queueLength": 1, "reason": "busy", "progress": None}
        await first.send("sessionEnd")
        data = await second.skip_to("gpu-machine-assigned")
        assert data["sessionId"] == runtime.session != runtime.starts[0].session_id


async def test_a_client_in_its_room_gets_the_same_values_again(coordinator: CoordinatorProcess) -> None:
    async with coordinator.client() as first, coordinator.client() as second:
        await first.start()
        await second.ask(prepared=True)
        shown = await second.skip_to("room-prepared")
        await first.socket.close()
        assigned = await second.skip_to("gpu-machine-assigned")
        assert {name: assigned[name] for name in shown} == shown


async def test_rooms_are_deleted_when_the_runtime_has_left(
    coordinator: CoordinatorProcess, runtime: FakeRuntime, livekit_server: Endpoint
) -> None:
    runtime.hold_clean_up = asyncio.Event()
    async with coordinator.client() as client:
        data = await client.start()
    await until(lambda: bool(runtime.stops))
    await asyncio.sleep(0.3)  # a deletion that is too early would come now
    assert data["sessionId"] in await rooms(livekit_server, coordinator.port)
    runtime.hold_clean_up.set()
    await until_deleted(livekit_server, coordinator.port, data["sessionId"])


async def test_a_client_that_vanishes_may_come_back(coordinator: CoordinatorProcess, runtime: FakeRuntime) -> None:
    async with coordinator.client() as client:
        first = await client.start()
        client.vanish()
    await coordinator.until(active_connections=0)
    async with coordinator.client() as client:
        again = await client.start(resumeToken=first["resumeToken"])
        assert again["sessionId"] == first["sessionId"]
        assert runtime.stops == []


@pytest.mark.parametrize("code", [1000, 1001, 3000, None])
async def test_any_close_frame_ends_the_session_at_once(
    coordinator: CoordinatorProcess, runtime: FakeRuntime, code: int | None
) -> None:
    async with coordinator.client() as client:
        await client.start()
        if code is None:
            # A close frame without a code (1005).
            client.socket.transport.write(bytes([0x88, 0x80, 1, 2, 3, 4]))
            with pytest.raises(ConnectionClosed):
                await client.receive()
        else:
            await client.socket.close(code)
    await coordinator.until(session=None, active_connections=0)
    await until(lambda: bool(runtime.stops))
    assert [stop.session_id for stop in runtime.stops] == [runtime.starts[0].session_id]


async def test_a_lost_owner_gives_way_after_the_shorter_grace(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    async with coordinator.client() as owner, coordinator.client() as waiting:
        await owner.start()
        await waiting.ask()
        owner.vanish()
        await waiting.skip_to("gpu-machine-assigned")
        assert len(runtime.starts) == 2


async def test_the_models_end_is_told_and_the_socket_stays_open(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    async with coordinator.client() as client:
        first = await client.start()
        runtime.finish("model_error", "ValueError: no")
        ended = await client.expect("session-ended")
        assert ended == {"sessionId": first["sessionId"], "reason": "model_error", "message": "ValueError: no"}
        second = await client.start()
        assert second["sessionId"] != first["sessionId"]


async def test_a_model_that_returns_at_once_is_granted_and_ended(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    runtime.ends_at_once = True
    async with coordinator.client() as client:
        await client.start()
        assert (await client.expect("session-ended"))["reason"] == "model_finished"


async def test_a_busy_runtime_keeps_the_client_waiting(coordinator: CoordinatorProcess, runtime: FakeRuntime) -> None:
    runtime.refusals = [(409, "BUSY"), (503, "LOADING")]
    async with coordinator.client() as client:
        await client.start()
        assert len(runtime.starts) == 3


async def test_a_prepared_room_that_is_lost_is_made_again(
    coordinator: CoordinatorProcess, runtime: FakeRuntime, livekit_server: Endpoint
) -> None:
    lost = runtime.lose_prepared()
    async with coordinator.client() as client:
        data = await client.start()
    assert data["sessionId"] != lost
    await until_deleted(livekit_server, coordinator.port, lost)


async def test_a_client_that_leaves_during_the_grant_is_forgotten(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    runtime.hold_start = asyncio.Event()
    async with coordinator.client() as client:
        await client.ask()
        await coordinator.until(session="granting")
    runtime.hold_start.set()
    async with coordinator.client() as client:
        data = await client.start()
        assert data["sessionId"] == runtime.session
    assert runtime.stops[0].session_id == runtime.starts[0].session_id


async def test_the_maximum_duration_is_announced_and_kept(livekit_server: Endpoint, runtime: FakeRuntime) -> None:
    async with start_coordinator(livekit_server, runtime.url, MAX_SESSION_DURATION_SECONDS="3") as coordinator:
        await coordinator.until_ready()
        async with coordinator.client() as client:
            began_s = time.time()
            data = await client.start()
            expiration = await client.expect("session-expiration")
            assert expiration["expiresAt"] == data["expiresAt"]
            assert began_s + 3 <= data["expiresAt"] <= time.time() + 3
            assert (await client.expect("session-ended"))["reason"] == "max_duration"
        await until(lambda: bool(runtime.stops))
        assert runtime.stops[0].reason == "max_duration"


async def test_a_runtime_that_comes_back_serves_those_who_waited(livekit_server: Endpoint) -> None:
    async with serve_fake_runtime() as first:
        port = first.port
        async with start_coordinator(livekit_server, first.url) as coordinator:
            await coordinator.until_ready()
            async with coordinator.client() as owner, coordinator.client() as waiting:
                await owner.start()
                await waiting.ask()
                first.server_exit()
                assert (await owner.skip_to("session-ended"))["reason"] == "runtime_lost"
                assert (await coordinator.get("/ready")).status_code == 503
                async with serve_fake_runtime(port) as second:
                    data = await waiting.skip_to("gpu-machine-assigned")
                    assert data["sessionId"] == second.session


async def test_a_restarted_coordinator_clears_up(livekit_server: Endpoint, runtime: FakeRuntime) -> None:
    async with start_coordinator(livekit_server, runtime.url) as first:
        await first.until_ready()
        async with first.client() as client:
            await client.start()
            old = await rooms(livekit_server, first.port)
            first.process.kill()
            await first.process.wait()
    async with start_coordinator(livekit_server, runtime.url, REACTOR_ROOM_PREFIX=f"test-{first.port}-") as second:
        await second.until_ready()
        assert runtime.session is None
        assert runtime.stops[0].reason == "coordinator_lost"
        await until_deleted(livekit_server, first.port, *old)


async def test_a_shutdown_tells_the_owner_and_leaves_no_room(livekit_server: Endpoint, runtime: FakeRuntime) -> None:
    async with start_coordinator(livekit_server, runtime.url) as coordinator:
        await coordinator.until_ready()
        async with coordinator.client() as client, coordinator.client() as idle:
            await client.start()
            began = time.perf_counter()
            coordinator.process.terminate()
            assert (await client.skip_to("session-ended"))["reason"] == "shutting_down"
            for each in (client, idle):
                with pytest.raises(ConnectionClosed) as closed:
                    await each.receive()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1001
            assert await coordinator.process.wait() == 0
            assert time.perf_counter() - began < 3.0 * SLOW
    assert runtime.session is None
    assert await rooms(livekit_server, coordinator.port) == []
