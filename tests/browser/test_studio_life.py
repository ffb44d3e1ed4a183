"""The studio left and come back to, as a person does who goes back and forth."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from support.app_page import until_true
from support.limits import PATIENCE_S
from support.stack import Stack
from support.studio_page import StudioPage, need_built_studio

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_NOTE_KEPT = "addEventListener('pageshow', ({ persisted }) => { window.isKept = persisted; })"


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    need_built_studio()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def keeping(launch: Callable[..., Awaitable[Browser]]) -> AsyncIterator[Browser]:
    """A browser that keeps pages that are left, as those of people do; Playwright's doesn't."""
    async with await launch(without=["--disable-back-forward-cache"]) as browser:
        yield browser


async def opened(page: Page, stack: Stack) -> StudioPage:
    page.set_default_timeout(1000 * PATIENCE_S)
    await page.add_init_script(_NOTE_KEPT)
    studio = StudioPage(page, stack.coordinator_url)
    await studio.open()
    return studio


async def there_and_back(studio: StudioPage, elsewhere: str) -> bool:
    """Visit another page; true if the browser has kept ours meanwhile."""
    await studio.page.goto(f"{elsewhere}/core.html")
    await studio.page.evaluate("history.back()")
    await studio.page.wait_for_url(f"{studio.url}/", wait_until="commit")  # a kept page isn't loaded
    await until_true(studio.page, "'isKept' in window")
    return bool(await studio.page.evaluate("isKept"))


async def test_a_live_page_that_is_come_back_to_is_live_again_in_one_session(
    keeping: Browser, stack: Stack, pages: str
) -> None:
    studio = await opened(await keeping.new_page(), stack)
    await studio.shows("Live")
    sessions = len(stack.logged('"session_assigned"'))
    await there_and_back(studio, pages)  # Chromium doesn't keep one that has just had video
    await studio.shows("Live")
    await until_true(studio.page, "document.querySelector('video').currentTime > 0")
    assert (await stack.until_health(active_connections=1))["queue_length"] == 0
    assert len(stack.logged('"session_assigned"')) == sessions + 1
    assert studio.errors == []
    await studio.page.close()


async def test_a_kept_page_takes_its_place_in_line_again(keeping: Browser, stack: Stack, pages: str) -> None:
    line = []
    for word in ("Live", "In line", "In line"):
        line.append(await opened(await keeping.new_page(), stack))
        await line[-1].shows(word)
    first, second, last = line
    await last.tells("You're second in line")  # the next one is in its room already, and a page with a room isn't kept
    assert await there_and_back(last, pages)
    await last.tells("You're second in line")
    assert (await stack.until_health(active_connections=3))["queue_length"] == 2
    await first.page.close()
    await second.page.close()
    await last.shows("Live")
    assert [studio.errors for studio in line] == [[], [], []]
    await last.page.close()
