"""A sound in the session, under the rules that browsers have of their own: it waits for a click."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, CDPSession, expect

from support.app_page import watch_console
from support.guest import humming_in
from support.limits import PATIENCE_S
from support.stack import Stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_AS_PEOPLE_HAVE_IT = "--autoplay-policy=document-user-activation-required"
_OFFERED = "document.querySelector('.reactor-unblock')?.textContent"
_IS_SILENT = "document.querySelector('audio').paused"


async def look(session: CDPSession, expression: str) -> object:
    """Ask the page something; Playwright's way to do that counts as a click."""
    answer = await session.send("Runtime.evaluate", {"expression": expression, "returnByValue": True})
    return answer["result"].get("value")


async def test_a_sound_that_the_browser_keeps_back_is_turned_on_by_a_click(
    launch: Callable[..., Awaitable[Browser]], pages: str, stack: Stack
) -> None:
    async with await launch(_AS_PEOPLE_HAVE_IT) as browser:
        page = await browser.new_page()
        errors = watch_console(page)
        session = await page.context.new_cdp_session(page)
        await page.goto(f"{pages}/react.html?coordinator={quote(stack.coordinator_url)}")
        await stack.until_health(active_connections=1)
        async with humming_in(stack):
            async with asyncio.timeout(PATIENCE_S):
                while await look(session, _OFFERED) != "Turn the sound on":  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)
            assert await look(session, _IS_SILENT)
            await page.get_by_role("button", name="Turn the sound on").click()
            await expect(page.locator("audio")).to_have_js_property("paused", False)
            await expect(page.locator(".reactor-unblock")).to_have_count(0)
        await page.close()
        assert errors == []
