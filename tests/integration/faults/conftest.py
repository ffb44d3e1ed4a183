"""A stack that faults are done to, and that must be as sound afterwards as before."""

from collections.abc import AsyncIterator

import pytest_asyncio

from support.aftermath import Held, held_at_rest, nothing_left, serves
from support.stack import Stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def before(stage: Stack) -> Held:
    """What there was before a module's tests, after one session of the shared stack."""
    await serves(stage)
    return await held_at_rest(stage)


@pytest_asyncio.fixture(loop_scope="session")
async def sound(stage: Stack, before: Held) -> AsyncIterator[Stack]:
    """The shared stack, which must serve the next client afterwards and hold no more than before."""
    yield stage
    await serves(stage)
    await nothing_left(stage, before)
