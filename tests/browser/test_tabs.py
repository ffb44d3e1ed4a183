"""Tabs that are reloaded, wait for each other, crash, and stay open for long."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import psutil
import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Error, Page

from support.core_page import CorePage
from support.limits import PATIENCE_S
from support.stack import Stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_RELOADS = 20
_FEW_SESSIONS = 5
_WARM_UP = 8  # pools grow to their size
_GROWTH_MIB = 20.0
# Not read from a canvas: what that takes of shared memory grows by half a MiB a session, whoever plays the video.
_TWO_FRAMES = """new Promise((resolve) => {
    const { video } = viewer;
    video.requestVideoFrameCallback(() => video.requestVideoFrameCallback(resolve));
}).then(() => null)"""


async def test_a_page_that_is_reloaded_twenty_times_sees_the_model_each_time(
    page: Page, pages: str, stack: Stack
) -> None:
    viewer = CorePage(page, pages, stack.coordinator_url)
    for _ in range(_RELOADS):
        await viewer.open()
        await viewer.connect()
        assert await viewer.numbers(1)
    health = (await stack.get("/health")).json()
    assert (health["active_connections"], health["queue_length"]) == (1, 0)
    await viewer.disconnect()


@pytest.mark.parametrize("way", ["leaves", "is closed", "crashes"])
async def test_a_second_tab_waits_and_gets_in_when_the_first_one(
    page: Page, context: BrowserContext, pages: str, stack: Stack, way: str
) -> None:
    first = CorePage(await context.new_page(), pages, stack.coordinator_url)
    await first.open()
    await first.connect()
    second = CorePage(page, pages, stack.coordinator_url)
    await second.open()
    await second.do("void viewer.reactor.connect()")
    waiting = await second.until("waitingInfoChanged")
    assert (waiting["position"], waiting["queueLength"], waiting["reason"]) == (1, 1, "busy")
    if way == "leaves":
        await first.disconnect()
    elif way == "is closed":
        await first.page.close()
    else:
        with contextlib.suppress(Error):
            await first.page.goto("chrome://crash")
    await second.until("statusChanged", "value === 'ready'")
    assert len(await second.numbers(3)) == 3
    await second.disconnect()


async def test_sessions_leave_no_listeners_behind(page: Page, pages: str, stack: Stack) -> None:
    viewer = CorePage(page, pages, stack.coordinator_url)
    await viewer.open()
    before = await _listeners(page)
    for _ in range(_FEW_SESSIONS):
        await viewer.connect()
        await viewer.disconnect()
        await viewer.forget()
    async with asyncio.timeout(PATIENCE_S):  # the last session's connections close behind it
        while await _listeners(page) >= before + _FEW_SESSIONS:
            pass


async def _listeners(page: Page) -> int:
    devtools = await page.context.new_cdp_session(page)
    await _collect(devtools)
    found = (await devtools.send("Memory.getDOMCounters"))["jsEventListeners"]
    await devtools.detach()
    return int(found)


async def _collect(devtools: CDPSession) -> None:
    for _ in range(3):  # what one collection frees may have held more
        await devtools.send("HeapProfiler.collectGarbage")
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("sessions", [8, pytest.param(50, marks=pytest.mark.long)])
async def test_many_sessions_in_one_tab_keep_no_memory(
    launch: Callable[..., Awaitable[Browser]], pages: str, stack: Stack, sessions: int
) -> None:
    async with await launch() as browser:
        viewer = CorePage(await browser.new_page(), pages, stack.coordinator_url)
        await viewer.open()
        before_mib = 0.0
        for number in range(_WARM_UP + sessions):
            if number == _WARM_UP:
                before_mib = await _memory_mib(viewer.page)
            await viewer.connect()
            await viewer.do(_TWO_FRAMES)
            await viewer.disconnect()
            await viewer.forget()
        assert await _memory_mib(viewer.page) - before_mib <= _GROWTH_MIB


async def _memory_mib(page: Page) -> float:
    """What the only page's process has for itself, rubbish collected."""
    devtools = await page.context.new_cdp_session(page)
    await _collect(devtools)
    await devtools.detach()
    assert page.context.browser is not None
    about = await page.context.browser.new_browser_cdp_session()
    processes = (await about.send("SystemInfo.getProcessInfo"))["processInfo"]
    await about.detach()
    # Some have a renderer in reserve: the page's has worked most.
    busiest = max((process["cpuTime"], int(process["id"])) for process in processes if process["type"] == "renderer")
    return float(psutil.Process(busiest[1]).memory_full_info().uss) / 2**20
