"""A coordinator as a process, in front of a runtime server that does what the test says."""

from collections.abc import AsyncIterator

import pytest

from reactor_cli.livekit_server import Endpoint
from support.coordinator_process import CoordinatorProcess, start_coordinator
from support.fake_runtime import FakeRuntime, serve_fake_runtime


@pytest.fixture
async def runtime() -> AsyncIterator[FakeRuntime]:
    async with serve_fake_runtime() as fake:
        yield fake


@pytest.fixture
def flags() -> tuple[str, ...]:
    """Of the coordinator; for a module to override."""
    return ()


@pytest.fixture
async def coordinator(
    livekit_server: Endpoint, runtime: FakeRuntime, flags: tuple[str, ...]
) -> AsyncIterator[CoordinatorProcess]:
    async with start_coordinator(livekit_server, runtime.url, *flags) as started:
        await started.until_ready()
        yield started
