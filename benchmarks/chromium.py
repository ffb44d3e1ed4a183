"""From asking to the first model frame in Chromium with plain livekit-client."""

import asyncio
import contextlib
import functools
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.browser.chromium import Page, chromium
from benchmarks.figures import Row, compared
from benchmarks.first_frame import PAUSE_S
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.product import Stack, stack
from benchmarks.turns import tried

_FOLDER = Path(__file__).parent / "browser"
_LIBRARY = "livekit-client.umd.js"
_LIBRARY_PATH = _FOLDER / "node_modules" / "livekit-client" / "dist" / _LIBRARY
_FACTOR = 1.3


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions of the product and of the floor in the same page, taking turns."""
    await _install()
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    with _served() as url:
        async with floor(video) as bare, stack() as running, chromium(url) as page:
            await _floors(page, bare)  # the first one loads the browser's own libraries
            for _ in range(count):
                await tried(_floors(page, bare), floors)
                failures += await tried(_ours(page, bare, running, video), ours)
                await asyncio.sleep(PAUSE_S)
    what = f"ask -> first model frame in Chromium, {video.codec}"
    return [compared(what, ours, floors, factors=(_FACTOR, None), failures=failures)]


async def _install() -> None:
    """Have Chromium and the client library; a machine that can't is a failed benchmark, not a skipped one."""
    process = await asyncio.create_subprocess_exec(str(_FOLDER / "install.sh"))
    if await process.wait():
        raise FileNotFoundError("Chromium or livekit-client couldn't be installed; the reason is above")


async def _ours(page: Page, bare: Floor, running: Stack, video: Format) -> float:
    async with bare.room("flat"):
        return float(await page.evaluate(f"firstFrame({json.dumps(running.ws_url)}, {json.dumps(video.codec)})"))


async def _floors(page: Page, bare: Floor) -> float:
    async with bare.room("marked"):
        call = f"floorFirstFrame({json.dumps(bare.endpoint.url)}, {json.dumps(bare.viewer_token())})"
        return float(await page.evaluate(call))


@contextlib.contextmanager
def _served() -> Iterator[str]:
    """Serve the page on this machine."""
    handler = functools.partial(_Handler, directory=str(_FOLDER))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        return str(_LIBRARY_PATH) if path == f"/{_LIBRARY}" else super().translate_path(path)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""
