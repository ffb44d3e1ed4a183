"""The quick start's page with a model of forty commands: each kind of control changes what the model shows."""

import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from reactor_cli.livekit_server import Endpoint
from support.app_page import AppPage
from support.stack import MODELS, Stack, running_stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

_SMALLEST_TARGET_PX = 40
_TOO_SMALL = """least => {
    const small = element => {
        element.scrollIntoView({ block: "center" });
        const { x, y, width, height } = element.getBoundingClientRect();
        const isHit = by => element.contains(document.elementFromPoint(x + width / 2, y + height / 2 + by));
        return height > 0 && !(isHit(1 - least / 2) && isHit(least / 2 - 1));
    };
    const targets = "button, select, textarea, input:not([type=radio]), .reactor-segments label";
    return [...document.querySelectorAll(`.reactor-controls :is(${targets})`)].filter(small).map(one => one.outerHTML);
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def panel(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    async with running_stack(MODELS / "panel", livekit=livekit_server) as stack:
        yield stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(panel: Stack, browser: Browser, pages: str) -> AsyncIterator[AppPage]:
    """One session for all tests."""
    async with await browser.new_context() as context:
        app = await AppPage.opened(await context.new_page(), pages, panel)
        assert await app.numbers(1) == [0]
        await expect(app.page.get_by_role("button", name="Other 26")).to_be_visible()
        yield app
        assert app.errors == []


@pytest.fixture
def page(app: AppPage) -> Page:
    return app.page


async def test_strict_mode_asks_for_one_session_only(app: AppPage, panel: Stack) -> None:
    assert await app.numbers(1)
    health = (await panel.get("/health")).json()
    assert (health["active_connections"], health["queue_length"]) == (1, 0)
    assert len(panel.logged('"session_assigned"')) == 1


async def test_forty_commands_have_forty_controls_without_accessibility_violations(app: AppPage, page: Page) -> None:
    assert await page.locator(".reactor-command").count() == 40
    assert await app.accessibility() == []


async def test_whatever_a_finger_hits_is_large_enough(page: Page) -> None:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    assert await page.evaluate("matchMedia('(pointer: coarse)').matches")
    assert await page.evaluate(_TOO_SMALL, _SMALLEST_TARGET_PX) == []
    await devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": False})


async def test_a_button(app: AppPage, page: Page) -> None:
    await page.get_by_role("button", name="Other 7", exact=True).click()
    await app.until_shown(20_007)


async def test_a_slider(app: AppPage, page: Page) -> None:
    await page.get_by_role("slider", name="Amount").fill("42")
    await app.until_shown(1042)
    await page.get_by_role("slider", name="Amount").press("ArrowRight")
    await app.until_shown(1043)


async def test_a_number(app: AppPage, page: Page) -> None:
    await page.get_by_role("spinbutton", name="Count").fill("17")
    await page.get_by_role("spinbutton", name="Count").press("Enter")
    await app.until_shown(2017)


async def test_a_switch(app: AppPage, page: Page) -> None:
    await page.get_by_role("switch", name="Light").click()
    await app.until_shown(3001)


async def test_a_choice(app: AppPage, page: Page) -> None:
    await page.locator("label", has_text="green").click()
    await app.until_shown(4005)
    await expect(page.get_by_role("radio", name="green")).to_be_checked()


async def test_a_text(app: AppPage, page: Page) -> None:
    await page.get_by_role("textbox", name="Prompt").fill("a river")
    await page.get_by_role("button", name="Send Prompt").click()
    await app.until_shown(5007)


async def test_an_optional_number(app: AppPage, page: Page) -> None:
    await page.get_by_role("button", name="Limit: none").click()
    await app.until_shown(6999)


async def test_a_list(app: AppPage, page: Page) -> None:
    steps = page.get_by_role("group", name="Steps")
    await steps.get_by_role("spinbutton").last.fill("40")
    await page.get_by_role("button", name="Send Steps").click()
    await app.until_shown(7041)


async def test_an_object(app: AppPage, page: Page) -> None:
    place = page.get_by_role("group", name="Place")
    await place.get_by_role("spinbutton", name="X").first.fill("3")
    await place.get_by_role("spinbutton", name="Y").first.fill("4")
    await page.get_by_role("button", name="Send Place").click()
    await app.until_shown(8034)


async def test_an_image(app: AppPage, page: Page) -> None:
    image = page.locator(".reactor-command", has_text="Starting image")
    await image.locator("input[type=file]").set_input_files(
        {"name": "dot.png", "mimeType": "image/png", "buffer": _PNG}
    )
    await page.get_by_role("button", name="Send Starting image").click()
    await app.until_shown(9000 + _PNG[0])


async def test_keys(app: AppPage, page: Page) -> None:
    await page.locator(".reactor-view").click()
    await page.keyboard.down("w")
    await app.until_shown(10_008)
    await page.keyboard.down("d")
    await app.until_shown(10_009)
    await page.keyboard.up("w")
    await page.keyboard.up("d")
    await app.until_shown(10_000)


async def test_a_menu_of_numbers(app: AppPage, page: Page) -> None:
    await page.get_by_role("combobox", name="Quality").select_option("1024")
    await app.until_shown(12_024)


async def test_a_json_editor(app: AppPage, page: Page) -> None:
    editor = page.get_by_role("textbox", name="Weights")
    weights = page.locator(".reactor-command", has=editor)
    await editor.fill('{"sky": 2, "sea": ')
    await page.get_by_role("button", name="Send Weights").click()
    await expect(weights.get_by_role("alert")).to_have_text("It has to be JSON.")
    await editor.press_sequentially("40}")
    await editor.press("Control+Enter")
    await app.until_shown(14_042)
    await expect(weights.get_by_role("alert")).to_have_count(0)


async def test_keys_of_which_one_is_held_at_a_time(app: AppPage, page: Page) -> None:
    await page.locator(".reactor-view").click()
    await page.keyboard.down("i")
    await app.until_shown(15_001)
    await page.keyboard.down("l")
    await app.until_shown(15_004)
    await page.keyboard.up("l")
    await app.until_shown(15_001)
    await page.keyboard.up("i")
    await app.until_shown(15_000)
    pad = page.locator(".reactor-pad", has=page.get_by_role("button", name="k", exact=True))
    await pad.get_by_role("button", name="k", exact=True).hover()
    await page.mouse.down()
    await app.until_shown(15_003)
    await page.mouse.up()
    await app.until_shown(15_000)


async def test_a_refused_value_is_told_beside_its_control(page: Page) -> None:
    await page.get_by_role("textbox", name="Prompt").fill("")
    await page.get_by_role("textbox", name="Prompt").press("Enter")
    await expect(page.locator(".reactor-command", has_text="Prompt").get_by_role("alert")).to_be_visible()


async def test_a_key_that_is_held_when_the_session_ends_does_not_hide_why(
    context: BrowserContext, pages: str, stack: Stack
) -> None:
    app = await AppPage.opened(await context.new_page(), pages, stack)
    await app.numbers(1)
    pad = app.page.locator(".reactor-pad").last
    await app.page.keyboard.down("w")
    await expect(pad.get_by_role("button", name="w", exact=True)).to_have_attribute("aria-pressed", "true")
    await app.page.locator(".reactor-segments label", has_text="fail").click()
    await expect(app.page.locator(".reactor-status")).to_contain_text("The session has ended")
    await expect(app.page.locator(".reactor-status")).to_contain_text("the stage burns")
    await app.page.keyboard.up("w")
    await app.page.close()
    assert app.errors == []
