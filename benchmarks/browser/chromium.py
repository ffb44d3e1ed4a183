"""Headless Chromium that shows one page and evaluates expressions in it."""

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # which root can't have; it shows our own page only
    "--disable-gpu",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--remote-debugging-port=0",
)
_START_S = 60.0  # a cold disk and a busy machine
_ANSWER_S = 30.0
_POLL_S = 0.01
_TELEPHONE_PX = 600
_CLOCK_TRIES = 30  # the quickest is off by half its time at most, a fraction of a millisecond


class BrowserMissingError(RuntimeError):
    """There is no Chromium."""


class Page:
    """A page, by its debugging socket."""

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws
        self._number = 0

    async def evaluate(self, expression: str) -> Any:
        """Evaluate an expression, waiting for its promise.

        Raises:
            ConnectionError: it threw.
        """
        parameters = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        result = await self._call("Runtime.evaluate", parameters)
        if "exceptionDetails" in result:
            raise ConnectionError(result["exceptionDetails"].get("exception", {}).get("description", "it threw"))
        return result["result"].get("value")

    async def reload(self) -> None:
        """Load the page again, to the end."""
        await self.evaluate("window.isOld = true")
        await self._call("Page.reload", {})
        deadline_s = time.monotonic() + _ANSWER_S
        while await self._is_old():
            if time.monotonic() > deadline_s:
                raise TimeoutError("the page wasn't loaded again")
            await asyncio.sleep(_POLL_S)

    async def navigate(self, url: str) -> None:
        """Show another page; it may still be loading.

        Raises:
            ConnectionError: it can't be had.
        """
        if error := (await self._call("Page.navigate", {"url": url})).get("errorText"):
            raise ConnectionError(f"{url}: {error}")

    async def before_each(self, script: str) -> None:
        """Run a script in each page from now on, before the page's own."""
        await self._call("Page.enable", {})
        await self._call("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    async def resize(self, width: int, height: int) -> None:
        """Give the page a window of that size; below 600 pixels it is a telephone's, with a finger."""
        is_narrow = width < _TELEPHONE_PX
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_narrow}
        await self._call("Emulation.setDeviceMetricsOverride", size)
        await self._call("Emulation.setTouchEmulationEnabled", {"enabled": is_narrow})

    async def _is_old(self) -> bool:
        try:
            return bool(await self.evaluate("window.isOld === true || document.readyState !== 'complete'"))
        except ConnectionError:  # between the two documents there is none
            return True

    async def clock_ms(self) -> float:
        """What to add to the page's `performance.now()` for this machine's monotonic clock, in ms."""
        tries = []
        for _ in range(_CLOCK_TRIES):
            before_ms = time.monotonic() * 1000
            theirs_ms = float(await self.evaluate("performance.now()"))
            after_ms = time.monotonic() * 1000
            tries.append((after_ms - before_ms, (before_ms + after_ms) / 2 - theirs_ms))
        return min(tries)[1]

    async def _call(self, method: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        await self._ws.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        async with asyncio.timeout(_ANSWER_S):
            while (answer := json.loads(await self._ws.recv())).get("id") != self._number:
                pass
        if "error" in answer:
            raise ConnectionError(answer["error"]["message"])
        return answer["result"]


@contextlib.asynccontextmanager
async def chromium(url: str) -> AsyncIterator[Page]:
    """Start the browser with that page.

    Raises:
        BrowserMissingError: none is installed.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise BrowserMissingError("this benchmark needs Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="bench-chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *[program, *_FLAGS, f"--user-data-dir={profile}", url],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_START_S):
                socket_url = await _page_socket(Path(profile), url)
            async with connect(socket_url, proxy=None, max_size=None) as ws:
                page = Page(ws)
                await page.evaluate("new Promise((r) => document.readyState === 'complete' ? r() : (onload = r))")
                yield page
        finally:
            process.terminate()
            await process.wait()


async def _page_socket(profile: Path, url: str) -> str:
    """Wait until the browser says where its page's debugging socket is."""
    told = profile / "DevToolsActivePort"
    async with httpx.AsyncClient(trust_env=False) as http:
        while True:
            with contextlib.suppress(OSError, IndexError, httpx.TransportError):
                port = told.read_text().split()[0]
                for target in (await http.get(f"http://127.0.0.1:{port}/json")).json():
                    if target["type"] == "page" and target["url"].startswith(url):
                        return str(target["webSocketDebuggerUrl"])
            await asyncio.sleep(0.1)
