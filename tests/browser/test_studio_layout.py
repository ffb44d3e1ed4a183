"""The studio at every width."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from reactor_cli.livekit_server import Endpoint
from support.app_page import accessibility_violations
from support.limits import PATIENCE_S
from support.stack import MODELS, Stack, running_stack
from support.studio_page import StudioPage, need_built_studio

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_SIZES = [(1440, 900), (1024, 768), (390, 844), (320, 640)]
_PUBLIC_HOST = "computer.example"
_SEEN_MS = 1_500  # the first figures have come


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    need_built_studio()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mirror(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    """A model that takes a camera, open to other machines."""
    flags = ["--public-host", _PUBLIC_HOST]
    async with running_stack(MODELS / "mirror", livekit=livekit_server, flags=flags) as stack:
        yield stack


@asynccontextmanager
async def opened(browser: Browser, stack: Stack, width: int, height: int) -> AsyncIterator[StudioPage]:
    """The page, live, in a window of that size; in a narrow one with fingers."""
    is_narrow = width < 600
    async with await browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=is_narrow, has_touch=is_narrow
    ) as context:
        context.set_default_timeout(1000 * PATIENCE_S)
        studio = StudioPage(await context.new_page(), stack.coordinator_url)
        await studio.watch_shifts()
        await studio.open()
        await studio.shows("Live")
        yield studio
        assert studio.errors == []


@pytest.mark.parametrize(("width", "height"), _SIZES)
async def test_nothing_jumps_and_nothing_is_wider_than_the_window(
    browser: Browser, stack: Stack, width: int, height: int
) -> None:
    async with opened(browser, stack, width, height) as studio:
        await expect(studio.button("Tell")).to_be_enabled()
        await studio.page.wait_for_timeout(_SEEN_MS)
        assert await studio.shifts() == []
        assert await studio.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "height"), _SIZES)
async def test_nothing_jumps_with_a_camera_and_an_address_for_others(
    browser: Browser, mirror: Stack, width: int, height: int
) -> None:
    async with opened(browser, mirror, width, height) as studio:
        await expect(studio.button("Other devices")).to_be_visible()
        await expect(studio.button("Turn on")).to_be_visible()
        await studio.page.wait_for_timeout(_SEEN_MS)
        assert await studio.shifts() == []
        assert await studio.page.evaluate("document.documentElement.scrollWidth") <= width
        assert await accessibility_violations(studio.page) == []


async def test_the_other_devices_get_an_address(browser: Browser, mirror: Stack) -> None:
    async with opened(browser, mirror, 390, 844) as studio:
        await studio.button("Other devices").tap()
        address = f"{_PUBLIC_HOST}:{urlsplit(mirror.coordinator_url).port}"
        await expect(studio.page.get_by_role("dialog").get_by_role("link", name=address)).to_be_visible()
        assert await accessibility_violations(studio.page) == []
