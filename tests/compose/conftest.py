"""The product in containers, with a real engine: one stack for all tests that leave it as they found it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from support import engine
from support.compose import ComposeStack, running_compose
from support.parts import missing
from support.stack import MODELS
from support.stand_ins import NoEngineError


@pytest.fixture(scope="session", autouse=True)
def docker_engine() -> Iterator[None]:
    """An engine with the images; or the end of the tests."""
    try:
        with engine.running_engine():
            engine.check()
            yield
    except NoEngineError as error:
        missing(str(error))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lens(docker_engine: None) -> AsyncIterator[ComposeStack]:
    """A stack with the model `tests/models/lens`, which takes a camera."""
    async with running_compose(MODELS / "lens") as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(docker_engine: None) -> AsyncIterator[ComposeStack]:
    """A stack with the model `tests/models/stage`, under the name that the tests of bare stacks know it by."""
    async with running_compose(MODELS / "stage", REACTOR_ORPHAN_TIMEOUT_QUEUED="0.3") as stack:
        yield stack
