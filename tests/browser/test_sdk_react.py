"""The SDK's React bindings, in Chromium, against real processes."""

import asyncio
import json
from urllib.parse import quote

import pytest
from playwright.async_api import JSHandle, Page, WebSocket

from support.limits import PATIENCE_S
from support.stack import Stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]


class _Wire:
    """What a page says to the coordinator."""

    def __init__(self, page: Page) -> None:
        self.sockets = 0
        self.said: list[str] = []
        self.secrets: list[str] = []
        """The tokens in what it answers."""
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        if not socket.url.endswith("/ws"):
            return  # LiveKit's
        self.sockets += 1
        socket.on("framesent", lambda text: self.said.append(json.loads(text)["type"]))
        socket.on("framereceived", self._heard)

    def _heard(self, text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "gpu-machine-assigned":
            self.secrets += [message["data"]["livekitJwtToken"], message["data"]["resumeToken"]]

    async def has_said(self, *types: str) -> None:
        """Wait until so much was heard of it, and see that it is this."""
        await self._until(self.said, len(types))
        assert self.said == list(types)

    async def has_secrets(self, count: int) -> None:
        """Wait until so many were heard."""
        await self._until(self.secrets, count)

    @staticmethod
    async def _until(heard: list[str], count: int) -> None:
        """The browser tells it after it has happened."""
        async with asyncio.timeout(PATIENCE_S):
            while len(heard) < count:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)


@pytest.fixture
def wire(page: Page) -> _Wire:
    return _Wire(page)


async def opened(page: Page, pages: str, stack: Stack) -> None:
    """Show the page, and see the model."""
    await page.goto(f"{pages}/react.html?coordinator={quote(stack.coordinator_url)}")
    await seen(page)


async def seen(page: Page) -> list[int]:
    """Numbers of the model's next frames, when the view shows them."""
    async with asyncio.timeout(PATIENCE_S):
        await page.wait_for_selector('[data-state="playing"]', state="attached")
        return list(await page.evaluate("numbers(3)"))


async def free(stack: Stack) -> None:
    """Wait until the model serves nobody."""
    async with asyncio.timeout(PATIENCE_S):
        while (await stack.ask_runtime("/session")).json() is not None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def test_strict_mode_has_one_session_and_unmounting_frees_the_model(
    page: Page, wire: _Wire, pages: str, stack: Stack
) -> None:
    await opened(page, pages, stack)
    await wire.has_said("sessionSetup")
    await page.evaluate("show(null)")
    await free(stack)
    await wire.has_said("sessionSetup", "sessionEnd")
    assert wire.sockets == 1


async def test_another_model_ends_the_session_before_the_next_one(
    page: Page, wire: _Wire, pages: str, stack: Stack
) -> None:
    await opened(page, pages, stack)
    first = await page.evaluate("session().sessionId")
    await page.evaluate("show('second')")
    async with asyncio.timeout(PATIENCE_S):
        await page.wait_for_function(
            "first => session().status === 'ready' && session().sessionId !== first", arg=first
        )
    await seen(page)
    await wire.has_said("sessionSetup", "sessionEnd", "sessionSetup")
    await page.evaluate("show(null)")
    await free(stack)


async def test_a_reload_frees_the_model_and_shows_it_again(page: Page, pages: str, stack: Stack) -> None:
    await opened(page, pages, stack)
    for _ in range(3):
        await page.reload()
        await seen(page)
    await page.evaluate("show(null)")
    await free(stack)


async def test_a_session_left_recoverably_goes_on_where_it_was(
    page: Page, wire: _Wire, pages: str, stack: Stack
) -> None:
    await opened(page, pages, stack)
    first, before = await page.evaluate("session().sessionId"), await seen(page)
    await page.evaluate("session().disconnect(true)")
    await page.get_by_role("button", name="Connect").wait_for()
    assert await page.evaluate("session().status") == "disconnected"
    await page.get_by_role("button", name="Connect").click()
    after = await seen(page)
    assert await page.evaluate("session().sessionId") == first
    assert after[0] > before[-1]
    await wire.has_said("sessionSetup", "sessionSetup")
    await page.evaluate("show(null)")
    await free(stack)


async def test_no_token_is_in_the_console_even_where_livekit_tells_all_it_does(
    page: Page, wire: _Wire, pages: str, stack: Stack
) -> None:
    told: list[JSHandle] = []
    page.on("console", lambda message: told.extend(message.args))
    await page.add_init_script("localStorage.setItem('loglevel:livekit', 'TRACE')")
    await opened(page, pages, stack)
    await page.evaluate("session().disconnect(true)")
    await page.get_by_role("button", name="Connect").click()
    await seen(page)
    words = [str(await part.json_value()) for part in told]
    assert any(word.startswith("signal connecting") for word in words)
    await wire.has_secrets(4)
    assert [word for word in words for secret in wire.secrets if secret in word] == []
    await page.evaluate("show(null)")
    await free(stack)
