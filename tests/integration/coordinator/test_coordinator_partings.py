"""A client that says it will be back."""

import pytest

from reactor_coordinator.client_socket import PARTING_CODE
from support.coordinator_process import CoordinatorProcess
from support.fake_runtime import FakeRuntime

pytestmark = pytest.mark.livekit


async def test_an_owner_that_parts_finds_its_session_again(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    async with coordinator.client() as client:
        first = await client.start()
        await client.socket.close(PARTING_CODE)
    await coordinator.until(active_connections=0)
    async with coordinator.client() as client:
        again = await client.start(resumeToken=first["resumeToken"])
    assert again["sessionId"] == first["sessionId"]
    assert len(runtime.starts) == 1


async def test_an_owner_that_parts_gives_way_to_those_who_wait(
    coordinator: CoordinatorProcess, runtime: FakeRuntime
) -> None:
    async with coordinator.client() as owner, coordinator.client() as waiting:
        await owner.start()
        await waiting.ask()
        await owner.socket.close(PARTING_CODE)
        await waiting.skip_to("gpu-machine-assigned")
        assert len(runtime.starts) == 2
