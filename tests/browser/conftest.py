"""Real Chromium in front of a real stack."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from reactor_cli.livekit_server import Endpoint
from support import chromium
from support.app_page import watch_console
from support.limits import PATIENCE_S
from support.parts import missing
from support.stack import MODELS, Stack, running_stack

sys.path.append(str(Path(__file__).parents[2]))  # benchmarks/ is no installed package

from benchmarks.browser.pages import BUNDLER, bundle, served

expect.set_options(timeout=1000 * PATIENCE_S)

Launch = Callable[..., Awaitable[Browser]]

_PAGES = Path(__file__).parent / "pages"
_PARTS = {"pattern"}  # of pages


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tests' pages with our SDK, bundled: a page for each script that isn't only a part of others."""
    if not BUNDLER.exists():
        missing("the SDK's tools aren't installed: npm ci --prefix clients/js")
    folder = tmp_path_factory.mktemp("pages")
    bundle([path for path in _PAGES.glob("*.ts*") if path.stem not in _PARTS], folder)
    return folder


@pytest.fixture(scope="session")
def pages(page_folder: Path) -> Iterator[str]:
    """The address of the tests' pages."""
    with served(page_folder) as address:
        yield address


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def launch() -> AsyncIterator[Launch]:
    """Start Debian's Chromium, or a program that starts it, with more flags than ours; whoever starts it closes it."""
    installed = chromium.program()
    if installed is None:
        missing("Chromium isn't installed: apt-get install chromium")
    async with async_playwright() as playwright:

        async def start(*flags: str, program: Path | None = None, without: Sequence[str] = ()) -> Browser:
            """`without`: flags that Playwright gives."""
            return await playwright.chromium.launch(
                executable_path=program or installed, args=[*chromium.FLAGS, *flags], ignore_default_args=list(without)
            )

        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(launch: Launch) -> AsyncIterator[Browser]:
    """One for all tests that need none of their own."""
    async with await launch() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser's window of its own, which may use camera and microphone."""
    context = await browser.new_context(permissions=["camera", "microphone"])
    context.set_default_timeout(1000 * PATIENCE_S)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page that must not leave an error in its console."""
    page = await context.new_page()
    errors = watch_console(page)
    yield page
    assert errors == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    """A stack with `tests/models/stage`, one for all tests."""
    async with running_stack(MODELS / "stage", livekit=livekit_server) as stack:
        await stack.until_ready()
        yield stack
