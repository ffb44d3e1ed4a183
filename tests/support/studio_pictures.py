"""The docs' pictures of the studio, taken of the real page in front of real stacks: scripts/pictures [NAME ...]

Each is taken when its figures are at rest, so nothing else should run on the machine meanwhile.
"""

import argparse
import asyncio
import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from reactor_cli.livekit_server import Endpoint, LiveKitServer, LiveKitSettings
from support import chromium
from support.camera_film import write_portrait
from support.limits import PATIENCE_S
from support.s3_server import program as s3_program
from support.s3_server import running_s3_server
from support.stack import Stack, running_stack
from support.studio_page import StudioPage
from support.tcp_proxy import Fault, TcpProxy

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
EXAMPLES = ROOT / "manifests"

_WIDE, _NARROW = (1440, 900), (390, 844)
_QUALITY = 90  # of WebP: fine lines of type stay clean
_PLOT_S = 42  # then the plots are full
_SETTLED_S = 240
_LINE_SEEN_S = 5  # of a message, until newer ones have pushed it out
_ELSEWHERE = ["--public-host", "computer.example"]  # shows the button for other devices
_WORLD = {"REACTOR_MODELS_BUCKET": (EXAMPLES / "neural_world" / "registry").as_uri()}
_WEIGHTS_BYTES = 480_000_000
_PIECE_DELAY_S = 0.03  # before each 64 KiB of its ten connections: a network, not a disk
_LOADED_SHARE = 0.4


# Chromium calls it by the film's path.
_CAMERA_NAME = "Object.defineProperty(MediaDeviceInfo.prototype, 'label', { get: () => 'Integrated camera' })"
_FONT = "Inter"
_FONTS = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <alias binding="strong"><family>sans-serif</family><prefer><family>{_FONT}</family></prefer></alias>
</fontconfig>
"""


class NeverSettledError(Exception):
    """The figures never came to rest; the text says what they were."""


@dataclass(slots=True)
class Studio:
    """Where pictures are taken."""

    browser: Browser
    livekit: Endpoint
    folder: Path
    """For files of one picture."""

    def stack(
        self, model: Path, *, env: Mapping[str, str] | None = None, flags: Sequence[str] = _ELSEWHERE, wait: bool = True
    ) -> contextlib.AbstractAsyncContextManager[Stack]:
        """A stack with that model."""
        own = {"REACTOR_REGISTRY_CACHE": str(self.folder / "cache")}
        return running_stack(model, livekit=self.livekit, flags=flags, env=own | dict(env or {}), wait=wait)

    @contextlib.asynccontextmanager
    async def page(
        self, stack: Stack, *, size: tuple[int, int] = _WIDE, is_dark: bool = False
    ) -> AsyncIterator[StudioPage]:
        """The studio's page of a stack; a narrow one is a telephone's."""
        is_narrow = size == _NARROW
        async with await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if is_dark else "light",
            device_scale_factor=2 if is_narrow else 1,
            is_mobile=is_narrow,
            has_touch=is_narrow,
            permissions=["camera"],
        ) as context:
            context.set_default_timeout(1000 * PATIENCE_S)
            studio = StudioPage(await context.new_page(), stack.coordinator_url)
            await studio.page.add_init_script(_CAMERA_NAME)
            await studio.open()
            yield studio


async def ready(studio: Studio) -> None:
    """Ink, live."""
    async with studio.stack(EXAMPLES / "ink") as stack, studio.page(stack) as page:
        await settled(page)
        await save(page.page, "ready")


async def dark(studio: Studio) -> None:
    """The neural world, its messages open, a key held down."""

    async def open_log(page: StudioPage) -> None:
        await page.logs("progress")
        await page.page.evaluate("document.activeElement.blur()")  # no ring around what was clicked, once a key is down

    async with (
        studio.stack(EXAMPLES / "neural_world", env=_WORLD, flags=[]) as stack,
        studio.page(stack, is_dark=True) as page,
    ):
        await settled(page, open_log)
        await page.page.keyboard.down("d")
        await page.logs('"d":true')
        for _ in range(_LINE_SEEN_S):
            await page.page.wait_for_timeout(1_000)
            if is_level(await figures(page.page)):
                break
        await save(page.page, "dark")


async def camera(studio: Studio) -> None:
    """The mirror with the camera's panel."""

    async def turn_on(page: StudioPage) -> None:
        await page.button("Turn on").click()
        await expect(page.page.locator(".latest")).to_contain_text('"mirroring"')

    async with studio.stack(EXAMPLES / "mirror") as stack, studio.page(stack) as page:
        await settled(page, turn_on)
        await save(page.page, "camera")


async def narrow(studio: Studio) -> None:
    """Ink on a telephone."""
    async with studio.stack(EXAMPLES / "ink") as stack, studio.page(stack, size=_NARROW, is_dark=True) as page:
        await page.shows("Live")
        await page.page.wait_for_timeout(10_000)
        await save(page.page, "narrow")


async def waiting(studio: Studio) -> None:
    """In line behind another page."""
    async with (
        studio.stack(EXAMPLES / "ink") as stack,
        studio.page(stack) as first,
    ):
        await first.shows("Live")
        async with studio.page(stack, is_dark=True) as page:
            await page.tells("You're next")
            await page.page.wait_for_timeout(1_000)
            await save(page.page, "waiting")


async def loading(studio: Studio) -> None:
    """Weights on their way: as many bytes as they have, from a registry behind a network of that speed."""
    bucket = studio.folder / "s3" / "models"
    with running_s3_server(s3_program(), bucket.parent) as server:
        weights = bucket / "NeuralWorld" / "world.safetensors"
        weights.parent.mkdir(parents=True)
        with weights.open("wb") as file:
            file.truncate(_WEIGHTS_BYTES)
        with TcpProxy(server.port, lambda _: Fault(delay_s=_PIECE_DELAY_S)) as proxy:
            env = server.environment(proxy.port) | {"REACTOR_MODELS_BUCKET": bucket.name}
            async with (
                studio.stack(EXAMPLES / "neural_world", env=env, wait=False) as stack,
                studio.page(stack) as page,
            ):
                await page.tells("Fetching weights")
                await page.page.wait_for_function(
                    "least => document.querySelector('[role=progressbar]').ariaValueNow >= least",
                    arg=100 * _LOADED_SHARE,
                )
                await save(page.page, "loading")


async def error(studio: Studio) -> None:
    """Ink, with a size in its manifest that it doesn't take."""
    model = studio.folder / "ink"
    shutil.copytree(EXAMPLES / "ink", model)
    manifest = json.loads((model / "manifest.json").read_text("utf-8"))
    manifest["args"]["size"] = [480, 854]
    (model / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    async with studio.stack(model, wait=False) as stack, studio.page(stack) as page:
        await page.tells("The model didn't load")
        await save(page.page, "error")


async def ended(studio: Studio) -> None:
    """The neural world, whose process was killed."""
    async with (
        studio.stack(EXAMPLES / "neural_world", env=_WORLD, flags=[]) as stack,
        studio.page(stack, is_dark=True) as page,
    ):
        await page.shows("Live")
        await page.page.wait_for_timeout(5_000)
        (worker,) = psutil.Process(stack.children["runtime"].pid).children()
        worker.kill()
        await page.tells("The model's process died")
        await page.page.wait_for_timeout(1_000)
        await save(page.page, "ended")


PICTURES: dict[str, Callable[[Studio], Awaitable[None]]] = {
    picture.__name__: picture for picture in (ready, dark, camera, narrow, waiting, loading, error, ended)
}


async def _as_it_is(_: StudioPage) -> None:
    """Nothing has to be done."""


async def settled(studio: StudioPage, prepare: Callable[[StudioPage], Awaitable[None]] = _as_it_is) -> None:
    """Wait until the plots are full, nothing has frozen, and all that was meant to be produced is produced and shown.

    Args:
        studio: a page that is loaded.
        prepare: what to do to it when it is live. A freeze stays counted, so the page is loaded anew after one.

    Raises:
        NeverSettledError: that didn't happen.
    """
    lived_s = -1
    found: dict[str, str] = {}
    for _ in range(_SETTLED_S):
        if found.get("Freezes", "0") != "0" or found.get("Lost", "0") != "0":
            await studio.page.reload()
            lived_s = -1
        if lived_s < 0:
            await studio.shows("Live")
            await prepare(studio)
            lived_s = 0
        await studio.page.wait_for_timeout(1_000)
        lived_s, found = lived_s + 1, await figures(studio.page)
        if lived_s >= _PLOT_S and is_level(found):
            return
    raise NeverSettledError(f"the figures are {found}: is something else running on this machine?")


def is_level(found: Mapping[str, str]) -> bool:
    """As many frames are shown as are produced, and as are meant to be."""
    return len({found["Shown"], found["Shown note"].split()[0], found["Picture note"].split()[1]}) == 1


async def figures(page: Page) -> dict[str, str]:
    """What the page shows as figures, by their names; what stands below each by its name and `note`."""
    found: dict[str, str] = {}
    for figure in await page.locator(".figure").all():
        name = (await figure.locator("dt").inner_text()).split()[0]
        found[name] = await figure.locator(".value").inner_text()
        found[f"{name} note"] = await figure.locator(".note").inner_text()
    return found


async def save(page: Page, name: str) -> None:
    """Photograph the page."""
    picture = Image.open(io.BytesIO(await page.screenshot()))
    picture.convert("RGB").save(IMAGES / f"studio-{name}.webp", quality=_QUALITY, method=6)


async def take(names: Sequence[str]) -> None:
    """Take these pictures, one after the other."""
    program = chromium.program()
    if program is None:
        raise SystemExit("Chromium isn't installed: apt-get install chromium")
    expect.set_options(timeout=1000 * PATIENCE_S)
    async with contextlib.AsyncExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
        (folder / "fonts.conf").write_text(_FONTS)
        os.environ["FONTCONFIG_FILE"] = str(folder / "fonts.conf")  # a desktop's type; a server has none for its pages
        film = folder / "film.y4m"
        write_portrait(film)
        livekit = await parts.enter_async_context(LiveKitServer(LiveKitSettings(port=0, tcp_port=0, udp_port=0)))
        playwright = await parts.enter_async_context(async_playwright())
        flags = [*chromium.FLAGS, f"--use-file-for-fake-video-capture={film}"]
        browser = await playwright.chromium.launch(executable_path=program, args=flags)
        parts.push_async_callback(browser.close)
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            (folder / name).mkdir()
            await PICTURES[name](Studio(browser, livekit, folder / name))


def main() -> None:
    """Take the pictures that are named, or all."""
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    names = parser.parse_args().names
    if unknown := set(names) - set(PICTURES):
        parser.error(f"there is no picture {min(unknown)}: {', '.join(PICTURES)}")
    try:
        asyncio.run(take(names or list(PICTURES)))
    except NeverSettledError as problem:
        sys.exit(f"Not taken: {problem}")


if __name__ == "__main__":
    main()
