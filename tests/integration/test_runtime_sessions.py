"""Sessions on a real worker, with rooms in memory."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reactor_runtime.session.problems import ProblemError
from reactor_runtime.session.rooms import MAX_PREPARED
from support.core import Core, running_core, until, write_model
from support.limits import PATIENCE_S, SLOW


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    async with running_core(write_model(tmp_path / "model"), tmp_path / "cache") as core:
        yield core


async def test_a_session_goes_through_its_events_in_order(core: Core) -> None:
    since = len(core.events)
    answer = await core.start("a")
    assert (answer.width, answer.height, answer.video_codec) == (832, 480, "vp9")
    core.room("a").subscribe()
    await core.event("first_frame", session_id="a")
    assert core.stop("a") == "stopping"
    await core.event("ready", since=since)
    await core.event("room_released", session_id="a")
    kinds = core.types(since)
    assert kinds.index("session_started") < kinds.index("first_frame") < kinds.index("session_ended")
    assert kinds.index("session_ended") < kinds.index("ready")
    assert core.room("a").last_size == (64, 48)


async def test_ten_sessions_in_a_row_use_one_model_instance(core: Core) -> None:
    pids = set()
    for number in range(10):
        since = len(core.events)
        await core.start(f"s{number}")
        core.room(f"s{number}").subscribe()
        pids.add(await core.message(f"s{number}", "pid"))
        assert await core.message(f"s{number}", "session") == number + 1
        core.stop(f"s{number}")
        await core.event("ready", since=since)
    assert len(pids) == 1


async def test_the_next_session_starts_without_waiting_for_the_old_rooms_clean_up(core: Core) -> None:
    await core.start("a")
    core.room("a").subscribe()
    await core.event("first_frame", session_id="a")
    await core.prepare("b", publish=True)
    started = time.monotonic()
    await core.hand_over("a", "b")
    await core.event("session_started", session_id="b")
    assert time.monotonic() - started < 1.0 * SLOW


async def test_stopping_is_idempotent_and_an_unknown_id_is_not_found(core: Core) -> None:
    since = len(core.events)
    await core.start("a")
    assert core.stop("a") == "stopping"
    await core.event("ready", since=since)
    assert core.stop("a") == "ended"
    with pytest.raises(ProblemError) as refusal:
        core.stop("never")
    assert refusal.value.status == 404


async def test_a_second_session_is_refused_while_one_runs(core: Core) -> None:
    await core.start("a")
    with pytest.raises(ProblemError) as refusal:
        await core.start("b")
    assert (refusal.value.status, refusal.value.code) == (409, "BUSY")
    assert core.controller.session is not None
    assert core.controller.session.id == "a"


async def test_an_ended_sessions_id_cannot_start_again(core: Core) -> None:
    since = len(core.events)
    await core.start("a")
    core.stop("a")
    await core.event("ready", since=since)
    with pytest.raises(ProblemError) as refusal:
        await core.start("a")
    assert refusal.value.status == 410


async def test_commands_sent_before_the_track_is_up_reach_the_model_in_order(core: Core) -> None:
    await core.prepare("a", publish=True)
    core.room("a").subscribe()
    for value in (7, 8):
        core.room("a").say(json.dumps({"type": "application", "data": {"type": "echo", "data": {"value": value}}}))
    await core.start("a")
    await core.message("a", "echo")
    await until(lambda: len(echoes(core, "a")) >= 2)
    assert echoes(core, "a") == [7, 8]


def echoes(core: Core, session_id: str) -> list[int]:
    messages = [json.loads(text)["data"] for text in core.room(session_id).texts]
    return [message["echo"] for message in messages if "echo" in message]


async def test_messages_are_held_until_the_client_subscribes(core: Core) -> None:
    await core.start("a")
    await core.event("session_started", session_id="a")
    await asyncio.sleep(0.3)
    assert core.room("a").texts == []
    core.room("a").subscribe()
    assert await core.message("a", "session") == 1


async def test_a_client_that_never_subscribes_is_served_after_three_seconds(core: Core) -> None:
    await core.start("a")
    core.room("a").join()
    joined = time.monotonic()
    await core.message("a", "session")
    assert 2.5 < time.monotonic() - joined < PATIENCE_S


async def test_wrong_messages_are_answered_with_a_command_error(core: Core) -> None:
    await core.start("a")
    core.room("a").subscribe()
    for text in ("no json", "[]", '{"data": {}}'):
        core.room("a").texts.clear()
        core.room("a").say(text)
        error = await core.notice("a", "commandError")
        assert error["code"] == "BAD_MESSAGE"


async def test_an_unknown_command_and_wrong_arguments_are_answered_with_a_command_error(core: Core) -> None:
    await core.start("a")
    core.room("a").subscribe()
    for data, code in (
        ('{"type":"nope"}', "UNKNOWN_COMMAND"),
        ('{"type":"echo","data":{"value":"x"}}', "INVALID_ARGUMENTS"),
    ):
        core.room("a").texts.clear()
        core.room("a").say(data)
        assert (await core.notice("a", "commandError"))["code"] == code


async def test_a_message_beyond_the_limit_is_refused(core: Core) -> None:
    await core.start("a")
    core.room("a").subscribe()
    core.room("a").say("x" * (16 * 1024 * 1024 + 1))
    assert (await core.notice("a", "commandError"))["code"] == "MESSAGE_TOO_LARGE"


async def test_the_runtime_answers_request_capabilities_itself(core: Core) -> None:
    await core.start("a")
    core.room("a").subscribe()
    core.room("a").say('{"type":"requestCapabilities"}')
    assert set(await core.message("a", "commands")) == {"echo", "crash"}


async def test_the_client_gets_states_and_stats(core: Core) -> None:
    await core.start("a")
    core.room("a").subscribe()
    assert (await core.notice("a", "stateChanged"))["state"] == "starting"
    stats = await core.notice("a", "stats")
    assert (stats["width"], stats["height"]) == (64, 48)
    await until(lambda: any(said["fps"] > 0 for said in core.notices("a", "stats")))


async def test_a_prepared_room_is_published_and_fed_before_its_session(core: Core) -> None:
    await core.prepare("a", publish=True, video_codecs=["vp8"])
    assert core.controller.prepared == ["a"]
    published = core.room("a").published
    assert published is not None
    assert published.codec == "vp8"
    await until(lambda: core.room("a").pictures >= 5)
    answer = await core.start("a", video_codecs=["vp8"])
    assert answer.video_codec == "vp8"
    assert core.controller.prepared == []


async def test_a_session_in_another_codec_than_prepared_publishes_again(core: Core) -> None:
    await core.prepare("a", publish=True, video_codecs=["vp8"])
    assert (await core.start("a", video_codecs=["h264"])).video_codec == "h264"
    core.room("a").subscribe()
    await core.event("first_frame", session_id="a")


async def test_a_room_is_prepared_while_another_session_runs_and_released_on_stop(core: Core) -> None:
    await core.start("a")
    await core.prepare("b")
    assert core.room("b").connected
    assert core.stop("b") == "released"
    released = await core.event("room_released", session_id="b")
    assert not released.lost
    assert not core.room("b").connected
    assert core.stop("b") == "ended"


async def test_too_many_prepared_rooms_are_refused(core: Core) -> None:
    for number in range(MAX_PREPARED):
        await core.prepare(f"p{number}")
    with pytest.raises(ProblemError) as refusal:
        await core.prepare("one-more")
    assert refusal.value.code == "BUSY"


async def test_a_lost_prepared_room_is_told_and_can_be_prepared_again(core: Core) -> None:
    await core.prepare("a")
    core.room("a").break_down()
    released = await core.event("room_released", session_id="a")
    assert released.lost
    await core.prepare("a")
    assert core.controller.prepared == ["a"]


async def test_a_room_that_refuses_the_runtime_ends_the_session(core: Core) -> None:
    since = len(core.events)
    core.room("a").connect_error = "no such room"
    with pytest.raises(ProblemError) as refusal:
        await core.start("a")
    assert (refusal.value.status, refusal.value.code) == (502, "TRANSPORT")
    assert "no such room" in refusal.value.detail
    assert (await core.event("session_ended")).reason == "livekit_lost"
    await core.event("ready", since=since)


async def test_a_prepare_that_is_refused_leaves_nothing(core: Core) -> None:
    core.room("a").publish_error = "not allowed"
    with pytest.raises(ProblemError) as refusal:
        await core.prepare("a", publish=True)
    assert refusal.value.code == "TRANSPORT"
    assert core.controller.prepared == []


async def test_a_session_stopped_while_it_connects_is_answered_as_ended(core: Core) -> None:
    since = len(core.events)
    core.room("a").connect_delay_s = 1.0
    starting = asyncio.create_task(core.start("a"))
    await core.event("session_started", session_id="a")
    core.stop("a")
    with pytest.raises(ProblemError) as refusal:
        await starting
    assert refusal.value.status == 410
    await core.event("ready", since=since)
    await core.event("room_released", session_id="a")


async def test_a_client_that_never_joins_ends_the_session(core: Core) -> None:
    await core.start("a", join_timeout_s=0.3)
    assert (await core.event("session_ended")).reason == "join_timeout"


async def test_a_silent_client_ends_the_session_by_the_idle_timeout(core: Core) -> None:
    await core.start("a", idle_timeout_s=0.3)
    core.room("a").subscribe()
    assert (await core.event("session_ended")).reason == "idle_timeout"


async def test_a_client_that_leaves_ends_the_session_and_a_lost_one_does_not(core: Core) -> None:
    await core.start("a")
    core.room("a").subscribe()
    core.room("a").leave(deliberate=False)
    await core.event("client_lost", session_id="a")
    assert core.controller.readiness.state == "active"
    since = len(core.events)
    core.room("a").subscribe()
    await core.event("client_joined", since=since, session_id="a")
    core.room("a").leave()
    assert (await core.event("session_ended")).reason == "client_left_room"


async def test_a_broken_connection_ends_the_session(core: Core) -> None:
    await core.start("a")
    core.room("a").break_down("gone")
    ended = await core.event("session_ended")
    assert (ended.reason, ended.message) == ("livekit_lost", "gone")


async def test_nobody_listening_ends_the_session_and_leaves_the_prepared_rooms(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reactor_runtime.session.listener_watch.LISTENER_S", 1.0)
    await core.start("a")
    await core.prepare("b")
    core.silence_s = 100.0
    assert (await core.event("session_ended")).reason == "coordinator_lost"
    await core.event("room_released", session_id="b")


async def test_the_last_picture_size_is_the_next_tracks_size(core: Core, tmp_path: Path) -> None:
    await core.start("a")
    core.room("a").subscribe()
    await core.event("first_frame", session_id="a")
    since = len(core.events)
    core.stop("a")
    await core.event("ready", since=since)
    await until(lambda: core.history.record.width == 64)
    answer = await core.start("b")
    assert (answer.width, answer.height) == (64, 48)
    stored = [json.loads(file.read_text()) for file in (tmp_path / "cache").rglob("*.json")]
    assert [(record["width"], record["height"]) for record in stored] == [(64, 48)]


async def test_shutting_down_ends_a_session_within_three_seconds(tmp_path: Path) -> None:
    async with running_core(write_model(tmp_path / "model"), tmp_path / "cache") as core:
        await core.start("a")
        core.room("a").subscribe()
        await core.event("first_frame", session_id="a")
        started = time.monotonic()
        await core.controller.close()
        assert time.monotonic() - started < 3.0 * SLOW
        assert (await core.event("session_ended")).reason == "shutting_down"


async def test_a_session_whose_media_stalls_goes_on_by_another_connection(core: Core) -> None:
    await core.start("a")
    room = core.room("a")
    room.subscribe()
    pid = await core.message("a", "pid")
    first, room.listener = room.listener, None
    assert first is not None
    room.connect_error = "the network is down"
    first.media_stalled()
    asked = len(core.events)
    await core.event("media_stalled", session_id="a")
    with pytest.raises(ProblemError, match="the network is down"):
        await core.prepare("a")
    await core.event("media_stalled", session_id="a", since=asked)
    room.connect_error, shown = None, room.pictures
    await core.prepare("a")
    await until(lambda: room.pictures > shown)
    room.say(json.dumps({"type": "echo", "data": {"value": 7}}))
    assert await core.message("a", "echo") == 7
    assert await core.message("a", "pid") == pid
    since = len(core.events)
    await asyncio.sleep(1.0)
    assert "media_stalled" not in core.types(since)


async def test_a_session_whose_media_flows_keeps_its_connection(core: Core) -> None:
    await core.start("a")
    room = core.room("a")
    listener = room.listener
    room.connect_error = "nobody should try"
    await core.prepare("a")
    assert room.listener is listener


async def test_a_prepared_room_whose_media_stalls_is_given_up(core: Core) -> None:
    await core.prepare("a", publish=True)
    listener = core.room("a").listener
    assert listener is not None
    listener.media_stalled()
    assert (await core.event("room_released", session_id="a")).lost
