"""A camera on its way to the model and back, and one that the user refuses. The model has no commands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from reactor_cli.livekit_server import Endpoint
from support.app_page import AppPage
from support.camera_film import write_film
from support.limits import PATIENCE_S
from support.stack import MODELS, Stack, running_stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_NUMBERS = range(1, 73)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mirror(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    async with running_stack(MODELS / "mirror", livekit=livekit_server) as stack:
        yield stack


async def test_a_camera_is_seen_by_the_model_and_its_pictures_come_back(
    launch: Callable[..., Awaitable[Browser]], pages: str, mirror: Stack, tmp_path: Path
) -> None:
    write_film(tmp_path / "film.y4m", _NUMBERS)
    async with await launch(f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}") as browser:
        context = await browser.new_context(permissions=["camera"])
        app = await AppPage.opened(await context.new_page(), pages, mirror, "&camera")
        seen = await app.numbers(_NUMBERS.stop)
        assert len(set(seen) & set(_NUMBERS)) > len(_NUMBERS) / 3  # a busy machine skips some
        steps = [(after - before) % len(_NUMBERS) for before, after in pairwise(seen[1:])]
        assert sum(step < len(_NUMBERS) / 2 for step in steps) > 0.9 * len(steps)  # forwards
        await expect(app.page.get_by_label("Your camera")).to_be_visible()
        assert app.errors == []


async def test_a_refused_camera_is_told_in_words_and_the_session_goes_on(
    context: BrowserContext, pages: str, mirror: Stack
) -> None:
    await context.clear_permissions()
    app = await AppPage.opened(await context.new_page(), pages, mirror, "&camera")
    await expect(app.page.get_by_text("The camera is blocked")).to_be_visible()
    await expect(app.page.get_by_role("button", name="Try again")).to_be_visible()
    async with asyncio.timeout(PATIENCE_S):
        assert await app.numbers(1) == [0]
    assert app.errors == []
    await app.page.close()


async def test_a_model_without_commands_says_so_and_asks_nothing_again(
    context: BrowserContext, pages: str, mirror: Stack
) -> None:
    page = await context.new_page()
    app = await AppPage.opened(page, pages, mirror)
    await expect(page.get_by_text("This model has no controls.")).to_be_visible()
    assert await app.numbers(1) == [0]
    assert await app.accessibility() == []
    assert app.errors == []
    await page.close()
