"""A page whose machine loses its network: a browser on a machine of its own, and a cable to the servers."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error

from support.core_page import CorePage
from support.network import Cable, Conditions, Machine, need_namespaces
from support.reactor_run import reactors
from support.stack import MODELS

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_PAGES_PORT = 5173  # as `npm run dev` has it, on the browser's machine
_AWAY_S = 8.0  # longer than WebRTC bears, shorter than the coordinator does


class Home:
    """Two machines and a cable: 0 is the end of the servers, 1 the browser's."""

    def __init__(self, parts: ExitStack, folder: Path, pages: Path) -> None:
        servers, self.viewer = (parts.enter_context(Machine.made(name)) for name in ("servers", "viewer"))
        self.cable = parts.enter_context(Cable(servers, self.viewer))
        start = parts.enter_context(reactors(MODELS / "stage"))
        reactor = start("--host", "0.0.0.0", wrapped=servers.command())  # noqa: S104 - a network of its own
        reactor.until_ready()
        self.coordinator_url = f"http://{self.cable.addresses[0]}:{reactor.ports['coordinator']}"
        parts.enter_context(self._serving(pages))
        self.pages = f"http://localhost:{_PAGES_PORT}"
        self.browser = folder / "chromium-there"
        chromium = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
        self.browser.write_text(f'#!/bin/sh\nexec {" ".join(self.viewer.command(chromium))} "$@"\n')
        self.browser.chmod(0o755)

    @contextmanager
    def _serving(self, pages: Path) -> Iterator[None]:
        where = ("--bind", "127.0.0.1", "--directory", str(pages))
        process = subprocess.Popen(
            self.viewer.command(sys.executable, "-m", "http.server", str(_PAGES_PORT), *where),
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, page_folder: Path) -> Iterator[Home]:
    need_namespaces()
    with ExitStack() as parts:
        yield Home(parts, tmp_path_factory.mktemp("home"), page_folder)


@pytest_asyncio.fixture(loop_scope="session")
async def viewer(home: Home, launch: Callable[..., Awaitable[Browser]]) -> AsyncIterator[CorePage]:
    """A page with pictures, in a browser on the other machine."""
    async with await launch(program=home.browser) as browser:
        viewer = CorePage(await browser.new_page(), home.pages, home.coordinator_url)
        while True:
            try:
                await viewer.open()
                break
            except Error:  # the pages' server is still starting
                await asyncio.sleep(0.1)
        await viewer.connect()
        assert len(await viewer.numbers(3)) == 3
        yield viewer
        await viewer.disconnect()


async def session_id(viewer: CorePage) -> str:
    return str(await viewer.do("viewer.reactor.getState().sessionId"))


async def until_live(viewer: CorePage, after: int) -> None:
    """Wait for a picture that was drawn after number `after`, and for the status that belongs to it."""
    await viewer.do(f"(async () => {{ while ((await viewer.numbers(1))[0] <= {after}); }})()")
    await viewer.do("(async () => { while (viewer.reactor.getStatus() !== 'ready') await viewer.numbers(1) })()")


async def test_a_page_whose_network_is_dead_for_a_while_goes_on_in_its_session(home: Home, viewer: CorePage) -> None:
    session = await session_id(viewer)
    (number,) = await viewer.numbers(1)
    home.cable.conditions = Conditions(cut=True)
    await asyncio.sleep(_AWAY_S)
    home.cable.conditions = Conditions()
    await until_live(viewer, number + 24)
    assert await session_id(viewer) == session


async def test_a_page_that_goes_offline_and_online_goes_on_in_its_session(home: Home, viewer: CorePage) -> None:
    session = await session_id(viewer)
    (number,) = await viewer.numbers(1)
    offline = asyncio.create_task(
        viewer.do("new Promise((resolve) => addEventListener('offline', resolve, { once: true }))")
    )
    await asyncio.sleep(0.1)
    with home.cable.pulled(1):
        await offline
        await viewer.until("statusChanged", "value === 'connecting'")
    await until_live(viewer, number + 24)
    assert await session_id(viewer) == session


async def test_a_page_whose_udp_is_blocked_goes_on_in_its_session_by_tcp(home: Home, viewer: CorePage) -> None:
    session = await session_id(viewer)
    (number,) = await viewer.numbers(1)
    home.cable.conditions = Conditions(udp=False)
    await until_live(viewer, number + 24)  # WebRTC bears 15 s of silence first
    assert await session_id(viewer) == session
    home.cable.conditions = Conditions()
