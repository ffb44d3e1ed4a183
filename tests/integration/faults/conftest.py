"""A stack that faults are done to, and that must be as sound afterwards as before."""

from collections.abc import AsyncIterator

import pytest_asyncio

from support.aftermath import Usage, nothing_left, serves, settled_usage
from support.stack import Stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def before(stage: Stack) -> dict[str, Usage]:
    """What the servers of the shared stack held before a module's tests, after one session."""
    await serves(stage)
    return await settled_usage(stage)


@pytest_asyncio.fixture(loop_scope="session")
async def sound(stage: Stack, before: dict[str, Usage]) -> AsyncIterator[Stack]:
    """The shared stack, which must serve the next client afterwards and hold no more than before."""
    yield stage
    await serves(stage)
    await nothing_left(stage, before)
