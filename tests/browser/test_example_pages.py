"""The example pages as they are built, in Chromium in front of a real stack."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from benchmarks.browser.pages import SDK, served
from support.app_page import accessibility_violations, watch_console
from support.limits import PATIENCE_S
from support.ports import free_ports
from support.stack import Stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_EXAMPLES = SDK / "examples"
_TOOLS = Path(sys.executable).parent  # Node comes with the environment
# `local` means port 8080, which a test can't have for itself.
_ELSEWHERE = """(() => {
    const Real = WebSocket;
    window.WebSocket = class extends Real {
        constructor(url, ...more) { super(String(url).replace("ws://localhost:8080/ws", "%s"), ...more); }
    };
})()"""


def built(example: str, folder: str) -> Path:
    """Where an example was built, by scripts/test."""
    path = _EXAMPLES / example / folder
    if not (path / ".stamp").exists():
        pytest.fail(f"{path} isn't built: scripts/test tests/browser does that")
    return path


async def shows_the_model(
    context: BrowserContext, address: str, stack: Stack, probe: Path, scheme: Literal["light", "dark"] = "light"
) -> None:
    """Open it as a user would: the picture plays, the controls are there, nothing is wrong."""
    page = await context.new_page()
    await page.emulate_media(color_scheme=scheme)
    errors = watch_console(page)
    await page.add_init_script(_ELSEWHERE % stack.url)
    await page.goto(address)
    await page.add_script_tag(path=probe, type="module")
    await page.wait_for_function("window.numbers")  # a module runs later
    async with asyncio.timeout(PATIENCE_S):
        numbers = await page.evaluate("numbers(5)")
    assert numbers == sorted(numbers)
    await expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    assert await accessibility_violations(page) == []
    await page.close()
    assert errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_smallest_page_shows_the_model(
    context: BrowserContext, page_folder: Path, stack: Stack, scheme: Literal["light", "dark"]
) -> None:
    with served(built("react-minimal", "dist")) as address:
        await shows_the_model(context, address, stack, page_folder / "probe.js", scheme)


async def test_the_page_of_next_is_rendered_on_the_server_and_shows_the_model(
    context: BrowserContext, page_folder: Path, stack: Stack
) -> None:
    built("nextjs", ".next")
    async with serving_next() as address:
        async with httpx.AsyncClient(trust_env=False) as client:
            html = (await client.get(address)).text
        assert "reactor-view" in html
        assert "The model&#x27;s picture" in html
        await shows_the_model(context, address, stack, page_folder / "probe.js")


@contextlib.asynccontextmanager
async def serving_next() -> AsyncIterator[str]:
    """`next start`, on a free port."""
    (port,) = free_ports(1)
    folder = _EXAMPLES / "nextjs"
    process = await asyncio.create_subprocess_exec(
        *[
            str(_TOOLS / "node"),
            "node_modules/next/dist/bin/next",
            "start",
            "--hostname",
            "127.0.0.1",
            "--port",
            str(port),
        ],
        cwd=folder,
        env=os.environ | {"NEXT_TELEMETRY_DISABLED": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(trust_env=False) as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    await client.get(address)
                    break
                await asyncio.sleep(0.1)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # what serves is a child of it, which may outlive it
        await process.wait()
