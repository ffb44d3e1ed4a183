"""A real coordinator process and LiveKit; the runtime is the tests' own."""

import time
from collections.abc import AsyncIterator

import jwt
import pytest
from livekit.api import ListRoomsRequest, LiveKitAPI
from support.coordinator_process import CoordinatorProcess, start_coordinator
from support.fake_runtime import FakeRuntime, serve_fake_runtime

from reactor_cli.livekit_server import Endpoint

pytestmark = pytest.mark.livekit


@pytest.fixture
async def runtime() -> AsyncIterator[FakeRuntime]:
    async with serve_fake_runtime() as fake:
        yield fake


@pytest.fixture
async def coordinator(livekit_server: Endpoint, runtime: FakeRuntime) -> AsyncIterator[CoordinatorProcess]:
    async with start_coordinator(livekit_server, runtime.url) as started:
        await started.until_ready()
        yield started


async def rooms(livekit: Endpoint, coordinator: CoordinatorProcess) -> list[str]:
    async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
        found = await api.room.list_rooms(ListRoomsRequest())
    prefix = f"test-{coordinator.port}-"
    return [room.name.removeprefix(prefix) for room in found.rooms if room.name.startswith(prefix)]


async def test_a_client_is_welcomed_and_granted_a_session(
    coordinator: CoordinatorProcess, runtime: FakeRuntime, livekit_server: Endpoint
) -> None:
    async with coordinator.client() as client:
        began = time.perf_counter()
        data = await client.start()
        print(f"grant took {(time.perf_counter() - began) * 1000:.1f} ms")
        assert data["livekitWsUrl"] == livekit_server.url
        assert (data["modelName"], data["modelVersion"], data["expiresAt"]) == ("fake", "1.2.3", None)
        assert data["sessionId"] == runtime.session
        claims = jwt.decode(data["livekitJwtToken"], options={"verify_signature": False})
        assert claims["sub"] == runtime.starts[0].client_identity
        assert claims["video"]["canPublishSources"] == ["none"]
        assert claims["exp"] - time.time() <= 120
        assert data["sessionId"] in await rooms(livekit_server, coordinator)
