"""What a model can do wrong, and that the next session works afterwards."""

import asyncio
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from reactor_runtime.session.problems import ProblemError
from reactor_runtime.worker.supervisor import HASTY_LOADS
from support.core import Core, running_core, until, write_model


async def serve_one(core: Core, session_id: str) -> None:
    """Have a session that shows a picture and ends."""
    await core.start(session_id)
    core.room(session_id).subscribe()
    await core.event("first_frame", session_id=session_id)
    since = len(core.events)
    core.stop(session_id)
    await core.event("ready", since=since)


@pytest.mark.parametrize(("number", "words"), [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGKILL, "possibly out of memory")])
async def test_a_crash_is_told_in_words_and_the_model_is_loaded_again(
    tmp_path: Path, number: signal.Signals, words: str
) -> None:
    async with running_core(write_model(tmp_path / "model"), tmp_path / "cache") as core:
        await core.start("a")
        core.room("a").subscribe()
        pid = await core.message("a", "pid")
        since = len(core.events)
        core.room("a").say(json.dumps({"type": "crash", "data": {"number": int(number)}}))
        ended = await core.event("session_ended")
        assert ended.reason == "model_crashed"
        assert words in ended.message
        assert (await core.event("worker_crashed")).session_id == "a"
        await core.event("ready", since=since)
        await core.start("b")
        core.room("b").subscribe()
        assert await core.message("b", "pid") != pid


async def test_exit_called_by_the_model_ends_only_its_session(tmp_path: Path) -> None:
    source = """
class Model(VideoModel):
    def start_session(self):
        os._exit(3)
"""
    async with running_core(write_model(tmp_path / "model", source), tmp_path / "cache") as core:
        since = len(core.events)
        await core.start("a")
        ended = await core.event("session_ended")
        assert (ended.reason, "exit code 3" in ended.message) == ("model_crashed", True)
        await core.event("ready", since=since)


async def test_three_crashes_in_a_row_are_a_failure_until_the_folder_changes(tmp_path: Path) -> None:
    source = """
class Model(VideoModel):
    def __init__(self):
        os.kill(os.getpid(), signal.SIGKILL)
    def start_session(self):
        pass
"""
    async with running_core(write_model(tmp_path / "model", source), tmp_path / "cache", wait=False) as core:
        failed = await core.event("failed")
        assert "3 times in a row" in failed.error.message
        assert core.types().count("worker_crashed") == 3
        write_model(tmp_path / "model")
        await core.event("ready")
        await serve_one(core, "a")


async def test_a_model_that_ignores_its_stop_is_killed_and_loaded_again(tmp_path: Path) -> None:
    source = """
class Model(VideoModel):
    def start_session(self):
        get_ctx().emit_frame(picture(0))
        while True:
            try:
                time.sleep(1)
            except BaseException:
                pass
"""
    model = write_model(tmp_path / "model", source, stop_timeout=0.5)
    async with running_core(model, tmp_path / "cache") as core:
        await core.start("a")
        core.room("a").subscribe()
        await core.event("first_frame", session_id="a")
        since = len(core.events)
        core.stop("a")
        lost = await core.event("worker_crashed")
        assert "ignored the end of its session" in lost.message
        await core.event("ready", since=since)
        await core.start("b")


HANDLER_STAYS = """
class Model(VideoModel):
    def start_session(self):
        self.entered = threading.Event()
        get_ctx().emit_frame(picture(0))
        self.entered.wait()
        if self.seconds < 0:
            raise ValueError("enough")
    @command("stay")
    def stay(self, seconds: float = 600):
        self.seconds = seconds
        self.entered.set()
        time.sleep(abs(seconds))
"""


@pytest.mark.parametrize(
    ("seconds", "reason", "loaded_again"),
    [(0.6, "model_finished", False), (600, "model_stuck", True), (-600, "model_error", True)],
)
async def test_a_handler_that_outlasts_start_session_has_the_kill_grace(
    tmp_path: Path, seconds: float, reason: str, loaded_again: bool
) -> None:
    async with running_core(
        write_model(tmp_path / "model", HANDLER_STAYS, stop_timeout=4.0), tmp_path / "cache"
    ) as core:
        pid = core.supervisor.worker_pid
        await core.start("a")
        core.room("a").subscribe()
        await core.event("first_frame", session_id="a")
        since = len(core.events)
        core.room("a").say(json.dumps({"type": "stay", "data": {"seconds": seconds}}))
        assert (await core.event("session_ended")).reason == reason
        await core.event("ready", since=since)
        assert ("worker_crashed" in core.types(), core.supervisor.worker_pid != pid) == (loaded_again,) * 2
        await core.start("b")
        core.room("b").subscribe()
        await core.event("first_frame", session_id="b")


@pytest.mark.parametrize("connect_delay_s", [0.0, 1.0])
async def test_a_model_that_raises_ends_its_session_with_its_words_also_before_its_track_is_up(
    tmp_path: Path, connect_delay_s: float
) -> None:
    source = """
class Model(VideoModel):
    def start_session(self):
        raise ValueError("out of ideas")
"""
    async with running_core(write_model(tmp_path / "model", source), tmp_path / "cache") as core:
        since = len(core.events)
        core.room("a").connect_delay_s = connect_delay_s
        await core.start("a")
        ended = await core.event("session_ended")
        assert ended.reason == "model_error"
        assert "out of ideas" in ended.message
        assert "Traceback" not in ended.message
        await core.event("ready", since=since)


async def test_a_model_that_returns_at_once_is_played_out_to_a_late_client(tmp_path: Path) -> None:
    source = """
class Model(VideoModel):
    def start_session(self):
        get_ctx().emit_frame(picture(200))
        get_ctx().send({"last": True})
"""
    async with running_core(write_model(tmp_path / "model", source), tmp_path / "cache") as core:
        await core.start("a")
        await asyncio.sleep(0.3)
        assert core.controller.readiness.state == "active"
        core.room("a").subscribe()
        assert (await core.event("session_ended")).reason == "model_finished"
        assert await core.message("a", "last") is True
        assert core.room("a").last_picture[0] == 200


async def test_a_load_error_names_file_and_line_and_a_fixed_file_is_loaded(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", "\nimport no_such_package_here\n")
    async with running_core(model, tmp_path / "cache", wait=False) as core:
        failed = await core.event("failed")
        assert "no_such_package_here" in failed.error.message
        assert failed.error.file == str(model / "model.py")
        assert failed.error.line == 9
        with pytest.raises(ProblemError) as refusal:
            await core.start("a")
        assert (refusal.value.status, refusal.value.code) == (503, "FAILED")
        write_model(model)
        await core.event("ready")
        await serve_one(core, "a")


async def test_a_broken_manifest_is_a_load_error_and_a_reload_on_request_reads_it_again(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model")
    (model / "manifest.json").write_text("{")
    async with running_core(model, tmp_path / "cache", wait=False) as core:
        failed = await core.event("failed")
        assert failed.error.file == str(model / "manifest.json")
        write_model(model)
        since = len(core.events)
        await until(lambda: core.controller.readiness.state != "loading")
        core.controller.reload()
        await core.event("ready", since=since)


async def test_a_file_saved_while_the_load_fails_leads_to_another_load(tmp_path: Path) -> None:
    source = """
open("../began", "w").close()
time.sleep(1)
raise ValueError("not yet")
"""
    model = write_model(tmp_path / "model", source)
    async with running_core(model, tmp_path / "cache", wait=False) as core:
        await until((tmp_path / "began").exists)
        write_model(model)
        await core.event("ready")
        assert core.types().count("failed") == 1
        await serve_one(core, "a")


async def test_a_model_that_writes_into_its_folder_while_it_fails_comes_to_rest(tmp_path: Path) -> None:
    source = """
open("seen.txt", "a").write("x")
raise ValueError("never")
"""
    model = write_model(tmp_path / "model", source)
    async with running_core(model, tmp_path / "cache", wait=False) as core:
        await until(lambda: core.types().count("failed") > HASTY_LOADS)
        await asyncio.sleep(1.5)
        assert core.types().count("failed") == HASTY_LOADS + 1
        write_model(model)
        await core.event("ready")


async def test_a_reload_gives_a_new_process_and_is_refused_during_a_session(tmp_path: Path) -> None:
    async with running_core(write_model(tmp_path / "model"), tmp_path / "cache") as core:
        pid, since = core.supervisor.worker_pid, len(core.events)
        core.controller.reload()
        assert core.controller.readiness.state == "loading"
        await core.event("ready", since=since)
        assert core.supervisor.worker_pid != pid
        await core.start("a")
        with pytest.raises(ProblemError) as refusal:
            core.controller.reload()
        assert refusal.value.code == "BUSY"


async def test_a_session_asked_for_while_loading_is_told_when_to_come_back(tmp_path: Path) -> None:
    source = """
class Model(VideoModel):
    def __init__(self):
        time.sleep(2)
    def start_session(self):
        get_ctx().emit_frame(picture(0))
"""
    async with running_core(write_model(tmp_path / "model", source), tmp_path / "cache", wait=False) as core:
        await core.event("loading", stage="init")
        with pytest.raises(ProblemError) as refusal:
            await core.start("a")
        assert (refusal.value.status, refusal.value.code) == (503, "LOADING")
        assert refusal.value.retry_after_s is not None
        assert all(event.progress is None for event in core.events if event.type == "loading")
        await core.event("ready")
        since = len(core.events)
        core.controller.reload()
        await core.event("ready", since=since)
        progress = [event.progress for event in core.events[since:] if event.type == "loading"]
        assert any(value is not None and 0.2 < value < 1 for value in progress)


async def test_children_of_a_crashed_model_are_gone_too(tmp_path: Path) -> None:
    source = """
class Model(VideoModel):
    def start_session(self):
        child = os.fork()
        if child == 0:
            time.sleep(600)
        get_ctx().send({"child": child})
        get_ctx().wait(600)
    @command("crash")
    def crash(self):
        os.kill(os.getpid(), signal.SIGKILL)
"""
    async with running_core(write_model(tmp_path / "model", source), tmp_path / "cache") as core:
        await core.start("a")
        core.room("a").subscribe()
        child = await core.message("a", "child")
        core.room("a").say('{"type":"crash"}')
        await core.event("worker_crashed")
        await until(lambda: not running(child))


async def test_a_camera_picture_reaches_the_model(tmp_path: Path) -> None:
    source = """
class Model(VideoModel):
    def start_session(self):
        get_ctx().wait(600)
    def on_frame(self, frame):
        get_ctx().send({"camera": [list(frame.shape), int(frame[0, 0, 0])]})
"""
    async with running_core(write_model(tmp_path / "model", source, video_input=True), tmp_path / "cache") as core:
        await core.start("a")
        core.room("a").subscribe()
        await core.event("session_started", session_id="a")
        seen = asyncio.create_task(core.message("a", "camera"))
        while not seen.done():
            core.room("a").show(bytes([77]) * (32 * 16 * 3), 32, 16, 90)
            await asyncio.wait({seen}, timeout=0.02)
        assert seen.result() == [[32, 16, 3], 77]


async def test_shutting_down_during_a_load_leaves_no_process(tmp_path: Path) -> None:
    source = """
class Model(VideoModel):
    def __init__(self):
        time.sleep(600)
    def start_session(self):
        pass
"""
    async with running_core(write_model(tmp_path / "model", source), tmp_path / "cache", wait=False) as core:
        await core.event("loading", stage="init")
        pid = core.supervisor.worker_pid
        assert pid is not None
    assert not running(pid)


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False
