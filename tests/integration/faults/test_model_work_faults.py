"""A model that does what no model should, on a real stack: what its client is told, and that the next one is served."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import psutil
import pytest
import pytest_asyncio

from reactor_cli.livekit_server import Endpoint
from reactor_client import Frame, ReactorClient, StatusChanged, Subscription
from reactor_protocol.application import CommandErrorData
from support import pattern
from support.aftermath import held_at_rest, nothing_left, serves
from support.faults import end_of, log_entries, until_logged
from support.limits import PATIENCE_S
from support.stack import MODELS, Stack, running_stack
from support.viewer import instance, next_event, next_message, numbered

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

SIZES = {(320, 192), (640, 384), (176, 144), (480, 272)}
FILE = "model_rascal.py"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(livekit_server: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack with `tests/models/rascal`; its servers hold no more in the end than after their first session."""
    env = {"REACTOR_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    flags = ("--orphan-timeout-queued", "0.3")
    async with running_stack(MODELS / "rascal", livekit=livekit_server, flags=flags, env=env) as stack:
        await serves(stack)
        await stack.until_ready()
        before = await held_at_rest(stack)
        yield stack
        await nothing_left(stack, before)


@contextlib.asynccontextmanager
async def connected(stack: Stack) -> AsyncIterator[tuple[ReactorClient, dict[str, Any]]]:
    """A client with pictures, and what the model says of itself."""
    client = ReactorClient(stack.url)
    await client.connect(PATIENCE_S)
    try:
        await numbered(client.frames())
        yield client, await tell(client)
    finally:
        await client.disconnect()


async def tell(client: ReactorClient) -> dict[str, Any]:
    return await instance(client, client.messages())


async def until_told(client: ReactorClient, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask the model until it says what is wanted."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            told = await tell(client)
            if wanted(told):
                return told
            await asyncio.sleep(0.05)


async def next_pid(stack: Stack) -> int:
    """The process that serves the next session; it shows pictures."""
    async with connected(stack) as (client, told):
        await numbered(client.frames(), 3)
        return int(told["pid"])


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("flat", ("shape (192, 320) and dtype uint8", "(H, W, 3) or (N, H, W, 3)")),
        ("grey", ("shape (192, 320, 1) and dtype uint8", "numpy.repeat(frame, 3, -1)")),
        ("alpha", ("shape (192, 320, 4)", "frame[..., :3]")),
        ("channels first", ("shape (3, 192, 320)", "numpy.moveaxis(frame, -3, -1)")),
        ("empty", ("shape (0, 320, 3)",)),
        ("int32", ("dtype int32", "frame.astype(numpy.uint8)")),
        ("complex", ("dtype complex64", "uint8 or float in 0..1")),
        ("objects", ("dtype object",)),
        ("list", ("a frame of type list", "numpy.stack(frames)")),
        ("text", ("a frame of type str",)),
        ("huge", ("shape (20000, 20000, 3)", "no encoder takes more than 16383 pixels a side")),
    ],
)
async def test_what_is_no_frame_ends_the_session_and_says_what_was_found_and_what_is_wanted(
    what: str, words: tuple[str, ...], stack: Stack
) -> None:
    since = len(stack.log)
    async with connected(stack) as (client, before):
        await client.send_command("emit", what=what)
        end = await end_of(client)
        assert end is not None
        assert end.reason == "model_error"
        for word in words:
            assert word in end.message
        assert "Traceback" not in end.message
        await until_logged(stack, "Traceback", FILE, "in emit", words[0], since=since)
    assert await next_pid(stack) == before["pid"]


@pytest.mark.parametrize(
    ("deed", "reason", "words", "logged"),
    [
        ("finish", "model_finished", "", ()),
        ("raises", "model_error", "ValueError: the model is out of ideas", (FILE, "in raises")),
        ("exits", "model_error", "the model called sys.exit(3)", (FILE, "in exits")),
        ("segfaults", "model_crashed", "SIGSEGV (a segmentation fault in native code", (FILE, "in segfaults")),
        ("killed", "model_crashed", "SIGKILL (possibly out of memory)", ()),
    ],
)
async def test_an_end_that_the_model_makes_is_told_and_the_next_is_served(
    deed: str, reason: str, words: str, logged: tuple[str, ...], stack: Stack
) -> None:
    since = len(stack.log)
    async with connected(stack) as (client, before):
        await client.send_command("misbehave", deed=deed)
        end = await end_of(client)
        assert client.session_end is not None
        assert client.session_end.reason == reason
        assert words in client.session_end.message
        assert (end is None) == (reason == "model_finished")
    assert (await next_pid(stack) == before["pid"]) == (reason != "model_crashed")
    for text in logged:
        await until_logged(stack, text, since=since)


async def test_a_model_that_takes_all_memory_it_may_ends_its_session_only(stack: Stack) -> None:
    async with connected(stack) as (client, _):
        await client.send_command("misbehave", deed="allocates")
        end = await end_of(client)
        assert end is not None
        # Where the last bytes are missing is chance: in the model's loop, or in native code that gives up.
        assert end.reason in {"model_error", "model_crashed"}
        assert "MemoryError" in end.message or "ended" in end.message
    await serves(stack)


@pytest.mark.parametrize("deed", ["deadlocks", "ignores"])
async def test_a_model_that_doesnt_end_its_session_is_killed_while_the_next_client_is_told(
    deed: str, stack: Stack
) -> None:
    since = len(stack.log)
    async with connected(stack) as (owner, before):
        await owner.send_command("misbehave", deed=deed)
        await until_entered(owner, deed)
        waiting = ReactorClient(stack.url)
        events = waiting.events()
        connecting = asyncio.create_task(waiting.connect(PATIENCE_S))
        await next_event(events, StatusChanged, lambda event: event.waiting is not None)
        await owner.disconnect()
        for reason in ("stopping", "loading"):
            await next_event(events, StatusChanged, lambda event, reason=reason: why(event) == reason)  # type: ignore[misc]
        await connecting
        try:
            await numbered(waiting.frames(), 3)
            assert (await tell(waiting))["pid"] != before["pid"]
        finally:
            await waiting.disconnect()
        await until_logged(stack, "the stacks of its threads follow", since=since)
        await until_logged(stack, FILE, f"in {deed}", since=since)
        await until_logged(stack, "the model ignored the end of its session and was killed", since=since)


def why(event: StatusChanged) -> str | None:
    return None if event.waiting is None else event.waiting.reason


async def until_entered(client: ReactorClient, deed: str) -> None:
    """Wait until the model says that it is at it."""
    await until_told(client, lambda told: told["doing"] == deed)


async def test_children_that_a_model_has_forked_do_not_outlive_it(stack: Stack) -> None:
    async with connected(stack) as (client, _):
        messages = client.messages()
        await client.send_command("misbehave", deed="forks")
        children = await next_message(messages, "children")
        assert len(children) == 3
        assert all(alive(pid) for pid in children)
        await client.send_command("misbehave", deed="segfaults")
        end = await end_of(client)
        assert end is not None
        assert end.reason == "model_crashed"
    await next_pid(stack)
    assert not [pid for pid in children if alive(pid)]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_threads_that_emit_after_their_session_are_stopped_and_seen_by_nobody(stack: Stack) -> None:
    async with connected(stack) as (client, before):
        await client.send_command("misbehave", deed="leaves_threads")
        await until_number(client.frames(), lambda number: number < before["first"])
    async with connected(stack) as (client, told):
        assert told["pid"] == before["pid"]
        numbers = [number for number, _ in await numbered(client.frames(), 40)]
        assert all(number > told["first"] for number in numbers)
        assert numbers == sorted(numbers)
        assert set((await tell(client))["met"]) <= {"SessionStopped", "RuntimeError"}


async def until_number(frames: Subscription[Frame], wanted: Any) -> None:
    while not wanted((await numbered(frames))[0][0]):
        pass


# --- pictures ---


async def test_nan_and_infinity_are_black_and_white_and_the_session_goes_on(stack: Stack) -> None:
    async with connected(stack) as (client, _):
        await client.send_command("misbehave", deed="floats")
        async with asyncio.timeout(PATIENCE_S):
            async for frame in client.frames():
                top, bottom = frame.pixels[4:16, 8:-8], frame.pixels[-16:-4, 8:-8]
                black_and_white = float(np.mean(top)) < 16 and float(np.mean(bottom)) > 239
                if black_and_white and pattern.read(frame.pixels).number is not None:
                    break
    await serves(stack)


async def test_odd_sizes_are_padded_to_multiples_of_four(stack: Stack) -> None:
    async with connected(stack) as (client, _):
        for asked, shown in (
            ((321, 193), (324, 196)),
            ((319, 191), (320, 192)),
            ((50, 33), (52, 36)),
            ((7, 5), (16, 16)),
        ):
            await client.send_command("resize", width=asked[0], height=asked[1])
            await until_size(client.frames(), shown)
    await serves(stack)


async def until_size(frames: Subscription[Frame], size: tuple[int, int]) -> Frame:
    async with asyncio.timeout(PATIENCE_S):
        async for frame in frames:
            if (frame.width, frame.height) == size:
                return frame
    raise AssertionError(f"the session ended before a picture of {size} came")


async def test_a_size_that_changes_each_second_is_followed(stack: Stack) -> None:
    async with connected(stack) as (client, _):
        await client.send_command("misbehave", deed="changes_size")
        seen: dict[tuple[int, int], int] = {}
        async with asyncio.timeout(PATIENCE_S):
            async for frame in client.frames():
                if pattern.read(frame.pixels).number is not None:
                    seen[frame.width, frame.height] = seen.get((frame.width, frame.height), 0) + 1
                if len(seen) == len(SIZES) and min(seen.values()) >= 3:
                    break
        assert set(seen) == SIZES
    await serves(stack)


async def test_pictures_of_4k_arrive(stack: Stack) -> None:
    async with connected(stack) as (client, _):
        await client.send_command("resize", width=3840, height=2160)
        frames = client.frames()
        async with asyncio.timeout(PATIENCE_S):  # a flat picture may come first: the track is published anew
            while ((await numbered(frames))[0][1]).pixels.shape != (2160, 3840, 3):
                pass
    await serves(stack)


# --- handlers ---


async def test_a_handler_that_raises_is_told_to_its_client_and_the_next_command_runs(stack: Stack) -> None:
    since = len(stack.log)
    async with connected(stack) as (client, before):
        events = client.events()
        await client.send_command("fail")
        error = await next_event(events, CommandErrorData)
        assert (error.command, error.code) == ("fail", "HANDLER_RAISED")
        assert error.message == "RuntimeError: the handler fell over"
        assert (await tell(client))["sessions"] == before["sessions"]
        await until_logged(stack, "Traceback", FILE, "in fail", since=since)
    assert await next_pid(stack) == before["pid"]


async def test_a_slow_handler_delays_later_commands_but_not_pictures(stack: Stack) -> None:
    async with connected(stack) as (client, before):
        await client.send_command("linger", seconds=20.0)
        answer = asyncio.create_task(tell(client))
        await numbered(client.frames(), 12)  # half a second's
        assert not answer.done()
        assert (await answer)["pid"] == before["pid"]
    await serves(stack)


@pytest.mark.parametrize("how", ["leaves", "finish"])
async def test_a_handler_that_never_returns_costs_the_process_once_the_session_is_over(how: str, stack: Stack) -> None:
    since = len(stack.log)
    async with connected(stack) as (client, before):
        messages = client.messages()
        await client.send_command("linger", finish=how == "finish")
        await next_message(messages, "lingering")
        if how == "finish":
            end = await end_of(client)
            assert end is not None
            assert end.reason == "model_stuck"
            assert "ignored the end of its session" in end.message
        else:
            await client.disconnect()
    assert await next_pid(stack) != before["pid"]
    await until_logged(stack, FILE, "in linger", since=since)


# --- the camera ---


async def film(client: ReactorClient, seconds: float) -> int:
    """Publish numbered pictures at 30 fps; the last number."""
    camera = await client.publish_camera(320, 192)
    number, next_s = 0, time.monotonic()
    until_s = next_s + seconds
    while next_s < until_s:
        number += 1
        camera.push(pattern.draw(number, 320, 192))
        next_s += 1 / 30
        await asyncio.sleep(max(0.0, next_s - time.monotonic()))
    return number


async def test_a_slow_on_frame_sees_the_latest_picture_and_holds_up_nothing(stack: Stack) -> None:
    async with connected(stack) as (client, _):
        await client.send_command("watch", how="slow")
        before = await tell(client)
        last = await film(client, 4.0)
        told = await until_told(client, lambda told: told["seen"][-1:] > [last // 2])
        assert told["number"] - before["number"] > 24
        seen = told["seen"]
        assert 3 <= len(seen) < last / 2  # it takes 0.4 s for each: of 30 a second it sees some, of a queue all
        assert seen == sorted(seen)
    await serves(stack)


async def test_an_on_frame_that_raises_is_logged_once_and_the_session_goes_on(stack: Stack) -> None:
    since = len(stack.log)
    async with connected(stack) as (client, before):
        await client.send_command("watch", how="raise")
        await film(client, 2.0)
        await until_logged(stack, "on_frame failed", "on_frame doesn't like this picture", FILE, since=since)
        await until_told(client, lambda told: len(told["seen"]) > 3)
        logged = [entry for entry in log_entries(stack, since) if entry["event"] == "on_frame failed"]
        assert len(logged) <= 2
        await numbered(client.frames(), 3)
    assert await next_pid(stack) == before["pid"]
