"""The studio at every width, with a mouse and with fingers."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, FloatRect, Locator, Page, expect

from reactor_cli.livekit_server import Endpoint
from support.app_page import accessibility_violations, until_true
from support.limits import PATIENCE_S
from support.stack import MODELS, Stack, running_stack
from support.studio_page import StudioPage, need_built_studio

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_SIZES = [(1440, 900), (1024, 768), (390, 844), (320, 640)]
_PUBLIC_HOST = "computer.example"
_SMALLEST_TARGET_PX = 40
_SEEN_MS = 1_500  # the first figures have come
_PICTURE = "document.querySelector('.figures .figure:nth-of-type(4)')"
_AS_LARGE = f"""() => {{
    const figure = {_PICTURE};
    figure.querySelector(".value").firstChild.nodeValue = "1920 \\u00d7 1080";
    const bounds = [".value", ".note"].map((name) => {{
        const range = document.createRange();
        range.selectNodeContents(figure.querySelector(name));
        return range.getBoundingClientRect().toJSON();
    }});
    return [figure.getBoundingClientRect().toJSON(), ...bounds];
}}"""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    need_built_studio()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mirror(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    """A model that takes a camera, open to other machines."""
    flags = ["--public-host", _PUBLIC_HOST]
    async with running_stack(MODELS / "mirror", livekit=livekit_server, flags=flags) as stack:
        yield stack


@asynccontextmanager
async def opened(browser: Browser, stack: Stack, width: int, height: int) -> AsyncIterator[StudioPage]:
    """The page, live, in a window of that size; in a narrow one with fingers."""
    is_narrow = width < 600
    async with await browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=is_narrow, has_touch=is_narrow
    ) as context:
        context.set_default_timeout(1000 * PATIENCE_S)
        studio = StudioPage(await context.new_page(), stack.coordinator_url)
        await studio.watch_shifts()
        await studio.open()
        await studio.shows("Live")
        yield studio
        assert studio.errors == []


async def stays_in_place(studio: StudioPage, width: int) -> None:
    """Nothing has moved once the first figures have come, and nothing is wider than the window."""
    await studio.page.wait_for_timeout(_SEEN_MS)
    assert await studio.shifts() == []
    assert await studio.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "height"), _SIZES)
async def test_nothing_jumps_and_nothing_is_wider_than_the_window(
    browser: Browser, stack: Stack, width: int, height: int
) -> None:
    async with opened(browser, stack, width, height) as studio:
        await expect(studio.button("Tell")).to_be_enabled()
        await stays_in_place(studio, width)


@pytest.mark.parametrize(("width", "height"), [*_SIZES, (1280, 800)])
async def test_the_size_of_a_large_picture_can_be_read(browser: Browser, stack: Stack, width: int, height: int) -> None:
    async with opened(browser, stack, width, height) as studio:
        await until_true(studio.page, f"!!{_PICTURE}.querySelector('.value:not(.value-none) + .note')?.textContent")
        figure, value, note = await studio.page.evaluate(_AS_LARGE)
    assert value["right"] < figure["right"]
    assert note["left"] > value["right"] or note["top"] >= value["bottom"] - 1


@pytest.mark.parametrize(("width", "height"), _SIZES)
async def test_nothing_jumps_with_a_camera_and_an_address_for_others(
    browser: Browser, mirror: Stack, width: int, height: int
) -> None:
    async with opened(browser, mirror, width, height) as studio:
        await expect(studio.button("Other devices")).to_be_visible()
        await expect(studio.button("Turn on")).to_be_visible()
        await stays_in_place(studio, width)
        assert await accessibility_violations(studio.page) == []


async def test_the_other_devices_get_an_address(browser: Browser, mirror: Stack) -> None:
    async with opened(browser, mirror, 390, 844) as studio:
        await studio.button("Other devices").tap()
        address = f"{_PUBLIC_HOST}:{urlsplit(mirror.coordinator_url).port}"
        await expect(studio.page.get_by_role("dialog").get_by_role("link", name=address)).to_be_visible()
        assert await accessibility_violations(studio.page) == []


class Fingers:
    """Touches of a page, as Chromium gets them from a screen."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._at: dict[int, tuple[float, float]] = {}

    async def press(self, finger: int, at: tuple[float, float]) -> None:
        """Put a finger down."""
        self._at[finger] = at
        await self._send("touchStart", self._at)

    async def move(self, finger: int, to: tuple[float, float]) -> None:
        """Move one that is down."""
        self._at[finger] = to
        await self._send("touchMove", self._at)

    async def lift(self, finger: int) -> None:
        """Lift one."""
        await self._send("touchEnd", {finger: self._at.pop(finger)})

    async def _send(self, kind: str, places: Mapping[int, tuple[float, float]]) -> None:
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in places.items()]
        await self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def touched(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    """A stack of one's own: a picture's size stays changed."""
    async with running_stack(MODELS / "stage", livekit=livekit_server) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def telephone(browser: Browser, touched: Stack) -> AsyncIterator[StudioPage]:
    async with opened(browser, touched, 390, 844) as studio:
        yield studio


async def fingers_of(page: Page) -> Fingers:
    return Fingers(await page.context.new_cdp_session(page))


async def place(element: Locator) -> FloatRect:
    """Where it is, once it is in the middle of the screen."""
    await element.evaluate("element => element.scrollIntoView({ block: 'center' })")
    found = await element.bounding_box()
    assert found is not None
    return found


def middle(box: FloatRect) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def until_called(studio: StudioPage, **arguments: bool) -> None:
    """Wait until the model has told that it was called last with these keys down."""
    keys = dict.fromkeys("wasdqe", False) | arguments
    text = json.dumps({"command": "send_keyboard_state", "arguments": keys}, separators=(",", ":"))
    await expect(studio.page.locator(".line-in").last).to_contain_text(text)


async def test_keys_are_held_by_as_many_fingers_as_there_are(telephone: StudioPage) -> None:
    page = telephone.page
    await page.locator(".log-toggle").tap()
    fingers = await fingers_of(page)
    pad = page.locator(".reactor-pad")
    w = await place(pad.get_by_role("button", name="w", exact=True))
    d = await pad.get_by_role("button", name="d", exact=True).bounding_box()
    assert d is not None
    scrolled = await page.evaluate("scrollY")
    await fingers.press(0, middle(w))
    await until_called(telephone, w=True)
    await fingers.press(1, middle(d))
    await until_called(telephone, w=True, d=True)
    await fingers.move(0, (middle(w)[0], middle(w)[1] - 60))  # slides off, and still holds
    await fingers.lift(1)
    await until_called(telephone, w=True)
    await fingers.lift(0)
    await until_called(telephone)
    assert await page.evaluate("scrollY") == scrolled


async def test_sliders_follow_a_finger(telephone: StudioPage) -> None:
    page = telephone.page
    fingers = await fingers_of(page)
    sliders: Mapping[str, Locator] = {name: page.get_by_role("slider", name=name) for name in ("Width", "Height")}
    for slider in sliders.values():
        box = await place(slider)
        _, y = middle(box)
        await fingers.press(0, (box["x"] + box["width"] / 2, y))
        await fingers.move(0, (box["x"] + box["width"] / 4, y))
        await fingers.move(0, (box["x"] + box["width"] / 8, y))
        await fingers.lift(0)
    width, height = [int(await slider.input_value()) for slider in sliders.values()]
    assert 16 < width < 480
    assert 16 < height < 270
    await until_true(
        page,
        "([width, height]) => { const { videoWidth, videoHeight } = document.querySelector('video');"
        " return Math.abs(videoWidth - width) < 4 && Math.abs(videoHeight - height) < 4; }",
        [width, height],
    )


async def test_whatever_a_finger_hits_is_large_enough(telephone: StudioPage) -> None:
    small = await telephone.page.evaluate(
        """least => [...document.querySelectorAll("button, select, textarea, input:not([type=radio],[role=switch])")]
            .map((element) => [element.outerHTML, element.getBoundingClientRect().height])
            .filter(([, height]) => height > 0 && height < least)
            .map(([html, height]) => `${height}: ${html}`)""",
        _SMALLEST_TARGET_PX,
    )
    assert small == []
