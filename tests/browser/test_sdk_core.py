"""The SDK without React, in Chromium, against real processes."""

import pytest
from playwright.async_api import BrowserContext, Page

from support.core_page import CorePage
from support.stack import Stack

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

_IMAGE_BYTES = 5_000_000


@pytest.fixture
def viewer(page: Page, pages: str, stack: Stack) -> CorePage:
    return CorePage(page, pages, stack.coordinator_url)


async def test_a_page_sees_the_models_frames_in_their_order(viewer: CorePage) -> None:
    await viewer.open()
    await viewer.connect()
    numbers = await viewer.numbers(10)
    assert numbers == sorted(numbers)
    await viewer.disconnect()
    state = await viewer.do("viewer.reactor.getState()")
    assert {name for name, value in state.items() if value is not None} == {"status"}
    assert state["status"] == "disconnected"


async def test_messages_of_the_first_instant_arrive_in_order(viewer: CorePage) -> None:
    await viewer.open()
    called = await viewer.do(
        """(async () => {
            viewer.reactor.on("statusChanged", (status) => {
                if (status !== "ready") return;
                for (const prompt of ["a", "b", "c"]) void viewer.reactor.sendCommand("set_prompt", {prompt});
            });
            await viewer.reactor.connect();
            await viewer.until("newMessage", (message) => message.data?.arguments?.prompt === "c");
            const called = viewer.said.filter(({value}) => value?.type === "called");
            return called.map(({value}) => value.data.arguments.prompt);
        })()"""
    )
    assert called == ["a", "b", "c"]
    await viewer.disconnect()


async def test_an_image_of_five_megabytes_goes_to_the_model_and_back_unchanged(viewer: CorePage) -> None:
    await viewer.open()
    await viewer.connect()
    same = await viewer.do(
        f"""(async () => {{
            const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            const random = crypto.getRandomValues(new Uint8Array(65536));
            const part = Array.from(random, (value) => alphabet[value % 64]).join("");
            const image = part.repeat(Math.ceil({_IMAGE_BYTES} / part.length));
            await viewer.reactor.sendCommand("set_starting_image", {{ base64_image: image }});
            const called = (value) => value.type === "called" && value.data.command === "set_starting_image";
            return (await viewer.until("newMessage", called)).data.arguments.base64_image === image;
        }})()"""
    )
    assert same
    assert len(await viewer.numbers(3)) == 3
    await viewer.disconnect()


async def test_a_wrong_command_is_told_in_words(viewer: CorePage) -> None:
    await viewer.open()
    await viewer.connect()
    await viewer.command("resize", width="wide")
    error = await viewer.until("commandError")
    assert error["command"] == "resize"
    assert error["code"] == "INVALID_ARGUMENTS"
    await viewer.disconnect()


async def test_without_queueing_a_busy_model_is_an_error(
    viewer: CorePage, context: BrowserContext, pages: str, stack: Stack
) -> None:
    first = CorePage(await context.new_page(), pages, stack.coordinator_url)
    await first.open()
    await first.connect()
    await viewer.open(queueing=False)
    await viewer.do("viewer.reactor.connect()")
    error = await viewer.until("error")
    assert error["code"] == "NO_CAPACITY"
    assert await viewer.status() == "disconnected"
    await first.page.close()


async def test_a_finished_model_is_told_with_its_reason(viewer: CorePage) -> None:
    await viewer.open()
    await viewer.connect()
    await viewer.command("finish")
    ended = await viewer.until("sessionEnded")
    assert ended["reason"] == "model_finished"
    await viewer.until("statusChanged", "value === 'disconnected'")
