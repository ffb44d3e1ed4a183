"""The SDK without React, in Chromium, against real processes."""

import pytest
from playwright.async_api import BrowserContext, Page

from support.stack import Stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]


async def opened(page: Page, pages: str, stack: Stack, **options: object) -> None:
    """Load the page and make its `viewer`."""
    await page.goto(f"{pages}/core.html")
    given = {"modelName": "stage", "coordinatorUrl": stack.coordinator_url, "local": True, **options}
    await page.evaluate("options => { window.viewer = new Viewer(options) }", given)


async def connected(page: Page, pages: str, stack: Stack) -> None:
    await opened(page, pages, stack)
    await page.evaluate("viewer.reactor.connect()")
    assert await page.evaluate("viewer.reactor.getStatus()") == "ready"


async def test_a_page_sees_the_models_frames_in_their_order(page: Page, pages: str, stack: Stack) -> None:
    await connected(page, pages, stack)
    numbers = await page.evaluate("viewer.numbers(10)")
    assert numbers == sorted(numbers)
    await page.evaluate("viewer.reactor.disconnect()")
    assert await page.evaluate("viewer.reactor.getState()") == {
        "status": "disconnected",
        "waitingInfo": None,
        "lastError": None,
        "sessionId": None,
    }


async def test_messages_of_the_first_instant_arrive_in_order(page: Page, pages: str, stack: Stack) -> None:
    await opened(page, pages, stack)
    called = await page.evaluate(
        """async () => {
            viewer.reactor.on("statusChanged", (status) => {
                if (status !== "ready") return;
                for (const prompt of ["a", "b", "c"]) void viewer.reactor.sendCommand("set_prompt", {prompt});
            });
            await viewer.reactor.connect();
            await viewer.until("newMessage", (message) => message.data?.arguments?.prompt === "c");
            const called = viewer.said.filter(({value}) => value?.type === "called");
            return called.map(({value}) => value.data.arguments.prompt);
        }"""
    )
    assert called == ["a", "b", "c"]
    await page.evaluate("viewer.reactor.disconnect()")


async def test_a_wrong_command_is_told_in_words(page: Page, pages: str, stack: Stack) -> None:
    await connected(page, pages, stack)
    await page.evaluate("viewer.reactor.sendCommand('resize', {width: 'wide'})")
    error = await page.evaluate("viewer.until('commandError')")
    assert error["command"] == "resize"
    assert error["code"] == "INVALID_ARGUMENTS"
    await page.evaluate("viewer.reactor.disconnect()")


async def test_a_second_page_waits_and_gets_in_when_the_first_is_closed(
    page: Page, context: BrowserContext, pages: str, stack: Stack
) -> None:
    first = await context.new_page()
    await connected(first, pages, stack)
    await opened(page, pages, stack)
    await page.evaluate("void viewer.reactor.connect()")
    waiting = await page.evaluate("viewer.until('waitingInfoChanged')")
    assert (waiting["position"], waiting["reason"]) == (1, "busy")
    await first.close()
    await page.evaluate("viewer.until('statusChanged', (status) => status === 'ready')")
    assert len(await page.evaluate("viewer.numbers(3)")) == 3
    await page.evaluate("viewer.reactor.disconnect()")


async def test_without_queueing_a_busy_model_is_an_error(
    page: Page, context: BrowserContext, pages: str, stack: Stack
) -> None:
    first = await context.new_page()
    await connected(first, pages, stack)
    await opened(page, pages, stack, queueing=False)
    await page.evaluate("viewer.reactor.connect()")
    error = await page.evaluate("viewer.until('error')")
    assert error["code"] == "NO_CAPACITY"
    assert await page.evaluate("viewer.reactor.getStatus()") == "disconnected"
    await first.close()


async def test_a_finished_model_is_told_with_its_reason(page: Page, pages: str, stack: Stack) -> None:
    await connected(page, pages, stack)
    await page.evaluate("viewer.reactor.sendCommand('finish')")
    ended = await page.evaluate("viewer.until('sessionEnded')")
    assert ended["reason"] == "model_finished"
    await page.evaluate("viewer.until('statusChanged', (status) => status === 'disconnected')")
