"""Whole stacks for tests: one for all that leave it as they found it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from reactor_cli.livekit_server import Endpoint
from support.stack import MODELS, Stack, running_stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    """A stack with the model `tests/models/stage`; a client that vanished while somebody waits has 0.3 s."""
    async with running_stack(
        MODELS / "stage", livekit=livekit_server, flags=("--orphan-timeout-queued", "0.3")
    ) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lens(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    """A stack with the model `tests/models/lens`, which takes a camera."""
    async with running_stack(MODELS / "lens", livekit=livekit_server) as stack:
        yield stack
