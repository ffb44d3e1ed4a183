"""Camera, microphone and sound in the studio, with Chromium's pretended devices, and what LiveKit has of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
import pytest_asyncio
from livekit import api, rtc
from playwright.async_api import Browser, BrowserContext, Page, expect

from reactor_cli.livekit_server import Endpoint
from support.app_page import accessibility_violations, until_true
from support.core import write_model
from support.guest import another_in, humming_in, participants
from support.limits import PATIENCE_S
from support.stack import MODELS, Stack, running_stack
from support.studio_page import StudioPage, need_built_studio

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_HEARD = 1_000  # of 32,767: more than a codec makes of silence
_LISTENER = """
class Model(VideoModel):
    def start_session(self):
        while not get_ctx().should_stop():
            get_ctx().emit_frame(np.full((192, 320, 3), 90, np.uint8))
            get_ctx().wait(0.05)
"""
_LOUDNESS = """async () => {
    const sound = document.querySelector("audio");
    while (!sound.srcObject) await new Promise(requestAnimationFrame);
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(sound.srcObject).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    while (!samples.some((sample) => Math.abs(sample) > 0.03)) {
        await new Promise(requestAnimationFrame);
        analyser.getFloatTimeDomainData(samples);
    }
    await context.close();
}"""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    need_built_studio()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def listener(livekit_server: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A model that takes a microphone."""
    folder = write_model(tmp_path_factory.mktemp("listener") / "model", _LISTENER, audio_input=True)
    async with running_stack(folder, livekit=livekit_server) as stack:
        yield stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mirror(livekit_server: Endpoint) -> AsyncIterator[Stack]:
    async with running_stack(MODELS / "mirror", livekit=livekit_server) as stack:
        yield stack


async def opened(page: Page, stack: Stack) -> StudioPage:
    studio = StudioPage(page, stack.coordinator_url)
    await studio.open()
    await studio.shows("Live")
    return studio


async def until_sources(stack: Stack, *wanted: int) -> None:
    """Wait until the page publishes these, unmuted, and nothing else; a room before the last may still be there."""
    found: list[int] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await sources(stack)
                if found == list(wanted):
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"the page publishes {found} instead of {wanted}") from None


async def sources(stack: Stack) -> list[int]:
    """What clients publish, in any room."""
    return [
        track.source
        for room in await stack.rooms()
        for each in await participants(stack, room)
        if each.kind == api.ParticipantInfo.Kind.STANDARD
        for track in each.tracks
        if not track.muted
    ]


async def until_heard(room: rtc.Room) -> None:
    """Wait for a sound of anybody in the room."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for each in room.remote_participants.values():
                for publication in each.track_publications.values():
                    if publication.track is None or publication.kind != rtc.TrackKind.KIND_AUDIO:
                        continue
                    stream = rtc.AudioStream(publication.track)
                    async for event in stream:
                        if np.abs(np.frombuffer(event.frame.data, np.int16).astype(int)).max() > _HEARD:
                            await stream.aclose()
                            return
            await asyncio.sleep(0.1)


async def test_a_microphone_is_heard_until_it_is_turned_off(page: Page, listener: Stack) -> None:
    studio = await opened(page, listener)
    await expect(studio.button("Turn on")).to_be_visible()
    await until_sources(listener)
    await studio.button("Turn on").click()
    await until_sources(listener, api.TrackSource.MICROPHONE)
    async with another_in(listener) as room:
        await until_heard(room)
    await until_true(page, "document.querySelector('meter').value > 0.2")
    assert await accessibility_violations(page) == []
    await studio.button("Turn off").click()
    await until_sources(listener)
    await page.close()


async def test_a_camera_is_shown_to_the_model_until_it_is_turned_off(page: Page, mirror: Stack) -> None:
    studio = await opened(page, mirror)
    await studio.button("Turn on").click()
    await expect(page.locator(".screen")).not_to_have_js_property("videoWidth", 320)
    await until_sources(mirror, api.TrackSource.CAMERA)
    assert await accessibility_violations(page) == []
    await studio.button("Turn off").click()
    await expect(page.locator(".preview")).to_have_count(0)
    await until_sources(mirror)
    await page.close()


async def test_another_camera_can_be_chosen(launch: Callable[..., Awaitable[Browser]], mirror: Stack) -> None:
    flag = "--use-fake-device-for-media-stream"
    async with await launch(f"{flag}=device-count=2", without=[flag]) as browser:
        page = await (await browser.new_context(permissions=["camera"])).new_page()
        studio = await opened(page, mirror)
        await studio.button("Turn on").click()
        choice = page.get_by_role("combobox", name="Which camera")
        await expect(choice).to_be_enabled()
        labels = await choice.locator("option").all_text_contents()
        assert len(labels) == 2
        await choice.select_option(label=labels[1])
        await until_true(
            page, "label => document.querySelector('.preview')?.srcObject?.getTracks()[0]?.label === label", labels[1]
        )
        await until_sources(mirror, api.TrackSource.CAMERA)
        await page.close()
        assert studio.errors == []


async def test_a_refused_camera_is_told_where_its_picture_would_be(context: BrowserContext, mirror: Stack) -> None:
    await context.clear_permissions()
    page = await context.new_page()
    studio = await opened(page, mirror)
    await studio.button("Turn on").click()
    await expect(page.get_by_role("alert")).to_contain_text("The camera is blocked")
    assert await accessibility_violations(page) == []
    await context.grant_permissions(["camera"])
    await studio.button("Try again").click()
    await until_sources(mirror, api.TrackSource.CAMERA)
    assert studio.errors == []
    await page.close()


async def test_a_sound_in_the_session_is_silent_until_it_is_asked_for(page: Page, stack: Stack) -> None:
    studio = await opened(page, stack)
    async with humming_in(stack):
        await expect(page.locator("audio")).to_have_js_property("srcObject", None)
        await studio.button("Sound on").click()
        async with asyncio.timeout(PATIENCE_S):
            await page.evaluate(_LOUDNESS)
        playing = "(({ paused, muted }) => [paused, muted])(document.querySelector('audio'))"
        assert await page.evaluate(playing) == [False, False]
        await studio.button("Silence").click()
        await expect(page.locator("audio")).to_have_js_property("srcObject", None)
    await expect(page.locator("audio")).to_have_count(0)
    await page.close()
