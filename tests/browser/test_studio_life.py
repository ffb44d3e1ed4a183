"""The studio left and come back to, as a person does who goes back and forth."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from reactor_cli.livekit_server import Endpoint
from support.app_page import until_true
from support.core import write_model
from support.limits import PATIENCE_S
from support.stack import Stack, running_stack
from support.studio_page import StudioPage, need_built_studio

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_PAINTER = """
from typing import Literal

class Model(VideoModel):
    def start_session(self):
        self.palette = "ember"
        while not get_ctx().should_stop():
            get_ctx().emit_frame(np.full((192, 320, 3), 90, np.uint8))
            get_ctx().wait(0.05)

    @command("set_palette")
    def set_palette(self, palette: Literal["ember", "noir"] = "ember"):
        self.palette = palette

    @command("set_prompt")
    def set_prompt(self, prompt: str):
        pass

    @command("tell")
    def tell(self):
        get_ctx().send({"type": "has", "data": {"palette": self.palette}})
"""
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


async def test_a_new_session_shows_what_its_model_has_and_keeps_the_prompt_that_was_typed(
    page: Page, livekit_server: Endpoint, tmp_path: Path
) -> None:
    folder = write_model(tmp_path / "model", _PAINTER)
    async with running_stack(folder, livekit=livekit_server) as stack:
        studio = await opened(page, stack)
        await studio.shows("Live")
        noir, ember = (page.get_by_role("radio", name=name) for name in ("noir", "ember"))
        prompt = page.get_by_role("textbox", name="Prompt")
        await prompt.fill("a lake at night")
        await page.locator(".reactor-segments label", has_text="noir").click()
        await studio.button("Tell").click()
        await studio.logs('"palette":"noir"')
        await studio.button("Leave").click()
        await studio.tells("You left the session")
        await page.locator(".overlay").get_by_role("button", name="Start").click()
        await studio.shows("Live")
        await expect(ember).to_be_checked()
        await expect(noir).not_to_be_checked()
        await expect(prompt).to_have_value("a lake at night")
        await studio.button("Tell").click()
        await studio.logs('"palette":"ember"')
        await page.close()
