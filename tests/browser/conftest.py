"""Real Chromium in front of a real stack."""

import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from reactor_cli.livekit_server import Endpoint
from support.stack import MODELS, Stack, running_stack

_ROOT = Path(__file__).parents[2]
_SDK = _ROOT / "clients" / "js"
_PAGES = Path(__file__).parent / "pages"
_PAGE = """<!doctype html>
<title>{name}</title>
<link rel="icon" href="data:,">
<script type="module" src="{name}.js"></script>
"""
_FLAGS = (
    "--no-sandbox",  # which root can't have; only our own pages are shown
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def missing(what: str) -> None:
    """A part that isn't here: a failure in CI, else a skipped test."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The tests' pages with our SDK, bundled and served on this machine; their address."""
    bundler = _SDK / "node_modules" / ".bin" / "esbuild"
    if not bundler.exists():
        missing("the SDK's tools aren't installed: npm ci --prefix clients/js")
    folder = tmp_path_factory.mktemp("pages")
    entries = [str(path) for path in _PAGES.glob("*.ts") if path.stem != "pattern"]
    subprocess.run(
        [bundler, *entries, "--bundle", "--format=esm", f"--outdir={folder}", "--log-level=warning"],
        check=True,
        env=os.environ | {"NODE_PATH": str(_SDK / "node_modules")},
    )
    for script in folder.glob("*.js"):
        (folder / f"{script.stem}.html").write_text(_PAGE.format(name=script.stem))
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        pass


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, with a camera that isn't there."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        missing("Chromium isn't installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser's window of its own."""
    context = await browser.new_context()
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page that must not leave an error in its console."""
    page = await context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    """A stack with `tests/models/stage`."""
    async with running_stack(MODELS / "stage", livekit=livekit_server) as stack:
        await stack.until_ready()
        yield stack
