"""The studio, as the coordinator serves it, in Chromium against real processes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from reactor_cli.livekit_server import Endpoint
from support.app_page import accessibility_violations, until_true
from support.core import write_model
from support.product import Product
from support.stack import MODELS, Stack, running_stack
from support.studio_page import StudioPage, need_built_studio

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    need_built_studio()


@pytest_asyncio.fixture(loop_scope="session")
async def studio(context: BrowserContext, stack: Stack) -> AsyncIterator[StudioPage]:
    """The page of a stack with `tests/models/stage`, live."""
    studio = StudioPage(await context.new_page(), stack.coordinator_url)
    await studio.open()
    await studio.shows("Live")
    yield studio
    await studio.page.close()
    assert studio.errors == []


async def test_it_opens_on_the_models_picture_with_figures_and_controls(studio: StudioPage, stack: Stack) -> None:
    assert await studio.page.title() == "stage · Reactor Local"
    assert await studio.page.evaluate("document.querySelector('video').videoWidth") == 320
    await expect(studio.page.locator(".figures")).to_contain_text("320 \u00d7 192")
    await expect(studio.button("Tell")).to_be_enabled()
    hosts = {urlsplit(url).hostname for url in studio.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(stack.coordinator_url).hostname}


async def test_a_command_and_the_models_answer_are_logged(studio: StudioPage) -> None:
    await studio.button("Tell").click()
    await studio.logs('"command_thread"')
    out = studio.page.locator(".line-out").first
    await expect(out).to_contain_text("tell")


async def test_a_refused_command_is_told_beside_its_control_and_in_the_log(studio: StudioPage) -> None:
    await studio.button("Raise").click()
    await expect(studio.page.locator(".reactor-controls")).to_contain_text("fell over")
    await studio.logs("fell over")


async def test_a_second_page_waits_in_line_and_comes_in_when_the_first_leaves(
    studio: StudioPage, context: BrowserContext
) -> None:
    second = StudioPage(await context.new_page(), studio.url)
    await second.open()
    await second.tells("You're next")
    assert await accessibility_violations(second.page) == []
    await studio.button("Leave").click()
    await studio.tells("You left the session")
    await second.shows("Live")
    await second.page.close()
    await studio.page.locator(".overlay").get_by_role("button", name="Start").click()
    await studio.shows("Live")


async def test_the_end_of_a_session_is_told_with_its_reason_and_a_way_to_start_again(studio: StudioPage) -> None:
    await studio.page.locator(".reactor-segments label", has_text="fail").click()
    await studio.tells("The model raised an error")
    await expect(studio.page.locator(".overlay")).to_contain_text("the stage burns")
    assert await accessibility_violations(studio.page) == []
    await studio.button("Start again").click()
    await studio.shows("Live")


async def test_a_picture_and_a_recording_are_saved(studio: StudioPage) -> None:
    async with studio.page.expect_download() as saved:
        await studio.button("Save a picture").click()
    picture = await (await saved.value).path()
    assert (await saved.value).suggested_filename.startswith("stage-")
    assert picture.read_bytes().startswith(b"\x89PNG")
    await studio.button("Record").click()
    await expect(studio.button("Stop recording and save")).to_contain_text("0:02")
    async with studio.page.expect_download() as recorded:
        await studio.button("Stop recording and save").click()
    assert (await (await recorded.value).path()).stat().st_size > 1_000


async def test_the_picture_fills_the_screen_and_comes_back(studio: StudioPage) -> None:
    await studio.button("Full screen").click()
    await expect(studio.button("Leave full screen")).to_be_visible()
    assert await studio.page.evaluate("document.fullscreenElement.getAttribute('aria-label')") == "Picture"
    size = "document.querySelector('.stage').getBoundingClientRect().width >= screen.width"
    await until_true(studio.page, size)
    await studio.button("Leave full screen").click()
    await expect(studio.button("Full screen")).to_be_visible()
    assert await studio.page.evaluate("document.fullscreenElement") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_accessible(studio: StudioPage, scheme: str) -> None:
    await studio.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    await studio.button("Tell").click()
    await studio.logs("instance")
    assert await accessibility_violations(studio.page) == []
    await studio.button("Use from code").click()
    await expect(studio.page.get_by_role("dialog")).to_contain_text(studio.url.replace("http", "ws"))
    assert await accessibility_violations(studio.page) == []
    await studio.page.keyboard.press("Escape")
    await expect(studio.page.get_by_role("dialog")).to_have_count(0)


async def test_the_page_comes_back_with_a_server_that_was_started_anew(context: BrowserContext) -> None:
    product = await Product.start(MODELS / "stage")
    try:
        studio = StudioPage(await context.new_page(), product.url.replace("ws:", "http:").removesuffix("/ws"))
        await studio.open()
        await studio.shows("Live")
        assert product.kill("coordinator")
        await studio.shows("Reconnecting")
        await studio.shows("Live")
        await studio.page.close()
    finally:
        await product.stop()


async def test_a_model_that_does_not_load_is_told_in_its_own_words(
    page: Page, tmp_path: Path, livekit_server: Endpoint
) -> None:
    source = """
class Model(VideoModel):
    def __init__(self, **kwargs):
        raise ValueError("no such garden")

    def start_session(self):
        pass
"""
    folder = write_model(tmp_path / "model", source)
    async with running_stack(folder, livekit=livekit_server, wait=False) as stack:
        studio = StudioPage(page, stack.coordinator_url)
        await studio.open()
        await studio.tells("The model didn't load")
        await expect(page.locator(".trouble")).to_contain_text("no such garden")
        assert await accessibility_violations(page) == []
        await page.close()


async def test_weights_are_counted_while_they_come(page: Page, stack: Stack) -> None:
    health = (await stack.get("/health")).json()
    download = {"folder": "World", "total_bytes": 4e9, "done_bytes": 1e9, "speed_bytes_s": 5e7, "eta_s": 60}
    health["runtime"] |= {"state": "loading", "stage": "weights", "progress": 0.25, "download": download}
    health["model"] = {"name": "", "version": ""}  # so that no session is asked for
    await page.route("**/health", lambda route: route.fulfill(body=json.dumps(health)))
    studio = StudioPage(page, stack.coordinator_url)
    await studio.open()
    await studio.tells("Fetching weights")
    await expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    assert await accessibility_violations(page) == []
    await page.close()
