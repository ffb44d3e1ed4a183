"""Each process of the product killed under a page: it recovers, or says exactly what happened and begins again."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from support.core_page import CorePage
from support.limits import PATIENCE_S
from support.product import Product
from support.stack import MODELS

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def product() -> AsyncIterator[Product]:
    product = await Product.start(MODELS / "stage")
    yield product
    await product.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def viewer(context: BrowserContext, pages: str, product: Product) -> CorePage:
    """A page with pictures. Chromium itself writes lost connections into its console, so that isn't looked at."""
    await product.until(product.is_ready, "ready", PATIENCE_S)
    viewer = CorePage(await context.new_page(), pages, product.url)
    await viewer.open()
    await viewer.connect()
    assert len(await viewer.numbers(3)) == 3
    return viewer


async def begins_again(viewer: CorePage) -> None:
    """Ask for a session once more, and see the model; it may be loading."""
    await viewer.forget()
    await viewer.connect()
    assert len(await viewer.numbers(3)) == 3
    await viewer.disconnect()


@pytest.mark.parametrize(
    ("part", "reason", "word"),
    [
        ("worker", "model_crashed", "model"),
        ("runtime", "runtime_lost", "the model's server"),
        ("livekit", "livekit_lost", "LiveKit"),
    ],
)
async def test_the_loss_of_a_part_is_told_with_its_reason(
    viewer: CorePage, product: Product, part: str, reason: str, word: str
) -> None:
    assert product.kill(part)
    ended = await viewer.until("sessionEnded")
    assert ended["reason"] == reason
    assert word in ended["message"]
    await viewer.until("statusChanged", "value === 'disconnected'")
    await product.until(product.is_ready, "ready again", PATIENCE_S)
    await begins_again(viewer)


async def test_a_coordinator_that_comes_back_without_the_session_is_told(viewer: CorePage, product: Product) -> None:
    assert product.kill("coordinator")
    await viewer.until("statusChanged", "value === 'connecting'")  # it tries to come back
    error = await viewer.until("error")
    assert (error["code"], error["component"], error["recoverable"]) == ("RESUME_FAILED", "coordinator", True)
    assert "session" in error["message"]
    await viewer.until("statusChanged", "value === 'disconnected'")
    await product.until(product.is_ready, "ready again", PATIENCE_S)
    await begins_again(viewer)
