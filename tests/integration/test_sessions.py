"""Sessions on a real stack by the Python client: one after another, in a queue, ended by this or that, resumed."""

import asyncio
import sys
from pathlib import Path

import pytest
from skimage.io import imread

from reactor_cli.livekit_server import Endpoint
from reactor_client import NotReadyError, ReactorClient, RefusedError, SessionEndedError, StatusChanged
from reactor_protocol.application import CommandErrorData, StatsData
from support import pattern
from support.faults import until_logged
from support.limits import PATIENCE_S
from support.stack import MODELS, Stack, running_stack
from support.viewer import instance, next_event, next_message, numbered

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]


async def test_leaving_interrupts_the_model_runs_finally_and_serves_the_next_on_the_same_instance(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        before = await instance(client, client.messages())
        await numbered(client.frames())
    async with ReactorClient(stage.url) as client:
        after = await instance(client, client.messages())
    assert after["pid"] == before["pid"]
    assert after["sessions"] == before["sessions"] + 1
    assert after["finished"] == before["finished"] + 1
    assert after["last_end"] == "SessionStopped"


async def test_ten_sessions_in_a_row_are_served_by_one_instance(stage: Stack) -> None:
    pids, counts = set(), []
    for _ in range(10):
        async with ReactorClient(stage.url) as client:
            told = await instance(client, client.messages())
            pids.add(told["pid"])
            counts.append(told["sessions"])
            await numbered(client.frames())
    assert len(pids) == 1
    assert counts == list(range(counts[0], counts[0] + 10))


async def test_pictures_come_in_order_and_the_status_is_told(stage: Stack) -> None:
    client = ReactorClient(stage.url)
    events = client.events()
    await client.connect(PATIENCE_S)
    numbers = [number for number, _ in await numbered(client.frames(), 20)]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 10
    assert client.status == "ready"
    await client.disconnect()
    statuses: list[str] = []
    while not statuses or statuses[-1] != "disconnected":
        statuses.append((await next_event(events, StatusChanged)).status)
    assert statuses[0] == "connecting"
    assert statuses[-2:] == ["ready", "disconnected"]


async def test_waiting_clients_are_told_their_places_and_served_in_order(stage: Stack) -> None:
    owner = ReactorClient(stage.url)
    await owner.connect(PATIENCE_S)
    waiting = [ReactorClient(stage.url) for _ in range(3)]
    events = [client.events() for client in waiting]
    joining = []
    for place, client in enumerate(waiting, 1):
        joining.append(asyncio.create_task(client.connect(PATIENCE_S)))
        told = await next_event(events[place - 1], StatusChanged, lambda event: event.waiting is not None)
        assert told.waiting is not None
        assert told.waiting.position == place
        assert told.waiting.queue_length == place

    await waiting[1].disconnect()
    with pytest.raises(NotReadyError):
        await joining[1]
    moved = await next_event(
        events[2], StatusChanged, lambda event: event.waiting is not None and event.waiting.position == 2
    )
    assert moved.waiting is not None

    await owner.disconnect()
    await joining[0]
    assert waiting[2].status == "waiting"
    await numbered(waiting[0].frames())
    await waiting[0].disconnect()
    await joining[2]
    await numbered(waiting[2].frames())
    await waiting[2].disconnect()


async def test_a_client_that_does_not_queue_is_refused_while_the_model_is_in_use(stage: Stack) -> None:
    async with ReactorClient(stage.url):
        with pytest.raises(RefusedError) as refusal:
            await ReactorClient(stage.url, queueing=False).connect(PATIENCE_S)
    assert refusal.value.code == "NO_CAPACITY"
    assert refusal.value.recoverable


async def test_a_model_that_returns_ends_the_session_quietly(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        frames = client.frames()
        await numbered(frames)
        await client.send_command("finish")
        async with asyncio.timeout(PATIENCE_S):
            async for _ in frames:
                pass
        assert client.session_end is not None
        assert client.session_end.reason == "model_finished"


async def test_a_model_that_raises_ends_the_session_with_its_message(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        frames = client.frames()
        await client.send_command("finish", how="fail")
        with pytest.raises(SessionEndedError) as end:
            async with asyncio.timeout(PATIENCE_S):
                async for _ in frames:
                    pass
    assert end.value.reason == "model_error"
    assert "the stage burns" in end.value.message
    assert "Traceback" not in end.value.message
    await until_logged(stage, "Traceback", "the stage burns")


async def test_a_model_that_crashes_is_loaded_again_for_the_next(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        before = await instance(client, client.messages())
        frames = client.frames()
        await client.send_command("finish", how="crash")
        with pytest.raises(SessionEndedError) as end:
            async with asyncio.timeout(PATIENCE_S):
                async for _ in frames:
                    pass
    assert end.value.reason == "model_crashed"
    client = ReactorClient(stage.url)
    await client.connect(PATIENCE_S)
    after = await instance(client, client.messages())
    assert after["pid"] != before["pid"]
    assert after["sessions"] == 1
    await client.disconnect()


async def test_a_lost_socket_is_resumed_while_pictures_go_on(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        session_id, messages, frames = client.session_id, client.messages(), client.frames()
        before = await instance(client, messages)
        assert client._conversation is not None
        lost = client._conversation.socket
        assert lost is not None
        lost.abort()
        async with asyncio.timeout(PATIENCE_S):
            while client._conversation.socket is lost:  # noqa: ASYNC110 - nobody tells: to its user nothing changes
                await asyncio.sleep(0.02)
        await numbered(frames, 20)
        after = await instance(client, messages)
        assert client.session_id == session_id
        assert client.status == "ready"
        assert after["sessions"] == before["sessions"]
        # The late close of the older socket must not end the session.
        await asyncio.sleep(0.3)
        await numbered(frames, 20)
        assert (await instance(client, messages))["frames"] > after["frames"]


async def test_capabilities_name_every_command(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        capabilities = await client.request_capabilities()
    assert {"set_prompt", "send_keyboard_state", "resize"} <= set(capabilities.commands)
    assert capabilities.commands["set_timesteps"].parameters == {
        name: {"type": "integer", "required": True} for name in ("step1", "step2", "step3")
    }
    assert capabilities.model.name == "stage"
    assert [(track.name, track.kind, track.direction) for track in capabilities.tracks] == [
        ("reactor-video", "video", "out")
    ]


async def test_a_message_of_4_mib_passes_both_ways(stage: Stack) -> None:
    text = "0123456789abcdef" * (4 * 1024 * 1024 // 16)
    async with ReactorClient(stage.url) as client:
        messages = client.messages()
        await client.send_command("mirror", text=text)
        assert (await next_message(messages, "mirror"))["text"] == text


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("no_such_command", {}, "UNKNOWN_COMMAND"),
        ("set_prompt", {}, "INVALID_ARGUMENTS"),
        ("set_prompt", {"prompt": 3}, "INVALID_ARGUMENTS"),
        ("resize", {"width": 4, "height": 100}, "INVALID_ARGUMENTS"),
        ("raise", {}, "HANDLER_RAISED"),
    ],
)
async def test_a_command_that_has_no_effect_is_told_of_and_the_session_goes_on(
    stage: Stack, command: str, arguments: dict[str, object], code: str
) -> None:
    async with ReactorClient(stage.url) as client:
        events = client.events()
        await client.send_command(command, **arguments)
        error = await next_event(events, CommandErrorData)
        assert (error.command, error.code) == (command, code)
        assert bool(error.errors) == (code == "INVALID_ARGUMENTS")
        await client.send_command("start")
        assert (await next_message(client.messages(), "called"))["command"] == "start"


async def test_commands_run_in_the_order_sent(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        messages = client.messages()
        await asyncio.gather(*(client.send_command("mirror", text=str(number)) for number in range(100)))
        got = [(await next_message(messages, "mirror"))["text"] for _ in range(100)]
        assert got == [str(number) for number in range(100)]


async def test_statistics_come_once_a_second(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        events = client.events()
        stats = await next_event(events, StatsData, lambda stats: stats.fps > 5)
        assert (stats.width, stats.height) == (320, 192)


async def test_health_tells_of_the_session(stage: Stack) -> None:
    async with ReactorClient(stage.url):
        health = await stage.until_health(
            active_connections=1
        )  # those of earlier clients end a little later than these
        assert {"status", "runtime"} <= set(health)
        assert (await stage.get("/ready")).status_code == 200
        assert "set_prompt" in (await stage.get("/capabilities")).json()["commands"]


async def test_two_stacks_run_side_by_side(stage: Stack) -> None:
    async with (
        running_stack(MODELS / "stage") as other,
        ReactorClient(stage.url) as here,
        ReactorClient(other.url) as there,
    ):
        await numbered(here.frames(), 3)
        await numbered(there.frames(), 3)
        assert (await instance(here, here.messages()))["pid"] != (await instance(there, there.messages()))["pid"]


async def test_a_maximum_duration_ends_the_session(livekit_server: Endpoint) -> None:
    flags = ("--max-session-duration", "5")  # a client sees pictures by then, on a slow machine as well
    async with running_stack(MODELS / "stage", livekit=livekit_server, flags=flags) as stack:
        client = ReactorClient(stack.url)
        await client.connect(PATIENCE_S)
        frames = client.frames()
        with pytest.raises(SessionEndedError) as end:
            async with asyncio.timeout(PATIENCE_S):
                async for _ in frames:
                    pass
        assert end.value.reason == "max_duration"
        await client.connect(PATIENCE_S)
        await numbered(client.frames())
        await client.disconnect()


async def test_the_terminal_shows_a_model_and_saves_its_picture(stage: Stack, tmp_path: Path) -> None:
    saved = tmp_path / "picture.png"
    command = ("--seconds", "4", "--save", str(saved), "--command", '{"type": "set_prompt", "data": {"prompt": "x"}}')
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "reactor_client", stage.url, *command), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(2 * PATIENCE_S):
        printed = (await process.communicate())[0].decode()
    assert process.returncode == 0, printed
    assert "status: ready" in printed
    assert '"command": "set_prompt"' in printed
    assert ", 320x192" in printed
    assert pattern.read(imread(saved)).colours_right


async def test_the_terminal_says_what_is_wrong_without_a_coordinator() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "reactor_client", "ws://127.0.0.1:9"), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(2 * PATIENCE_S):
        printed = (await process.communicate())[0].decode()
    assert process.returncode == 1
    assert "is `reactor run` up?" in printed
    assert "Traceback" not in printed
