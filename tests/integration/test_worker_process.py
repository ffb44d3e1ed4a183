"""The model worker as a real process: what models do, and what becomes of it."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reactor_runtime.worker.messages import (
    CallbackFailed,
    Frame,
    InputFrameDone,
    LoadFailed,
    LogRecord,
    OutputRing,
    Ping,
    Pong,
    SessionEntered,
    SessionReturned,
    Shutdown,
)
from support.worker_child import WorkerChild, write_model

Start = Callable[..., WorkerChild]

EMITS_FOR_EVER = """
class M(VideoModel):
    def start_session(self):
        while True:
            self.emit_frame(np.zeros((48, 64, 3), np.uint8))
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Write a model, load it, begin session `s1`."""
    with ExitStack() as stack:

        def begin(source: str, *, session: bool = True, answers: bool = True, **manifest: Any) -> WorkerChild:
            worker = stack.enter_context(WorkerChild(write_model(tmp_path, source, **manifest)))
            worker.answers = answers
            worker.load()
            if session:
                worker.start()
                worker.wait_for(SessionEntered)
            return worker

        yield begin


# --- loading ----------------------------------------------------------------------------------------------------


def test_a_model_loads_with_its_capabilities_and_ends_when_told(start: Start, tmp_path: Path) -> None:
    source = "class M(VideoModel):\n    def start_session(self): ...\n    @command()\n    def go(self): ...\n"
    with WorkerChild(write_model(tmp_path, source)) as worker:
        loaded = worker.load()
        assert list(json.loads(loaded.capabilities)["commands"]) == ["go"]
        assert not loaded.takes_camera
        assert worker.shutdown() == 0


def test_a_model_that_cant_load_says_why_and_ends(tmp_path: Path) -> None:
    with WorkerChild(write_model(tmp_path, "import nothing_like_that\nclass M(VideoModel): ...\n")) as worker:
        failed = worker.wait_for(LoadFailed)
        assert "pip install nothing_like_that" in failed.message
        assert failed.file == str(tmp_path / "model_m.py")
        assert "ModuleNotFoundError" in failed.traceback
        assert worker.process.wait(30) == 1


def test_a_folder_without_manifest_says_so(tmp_path: Path) -> None:
    with WorkerChild(tmp_path) as worker:
        assert "there is no manifest.json" in worker.wait_for(LoadFailed).message


def test_the_folder_is_the_working_directory_and_first_for_imports(start: Start, tmp_path: Path) -> None:
    (tmp_path / "json_helper.py").write_text("WORD = 'found'")
    worker = start(
        """
        import json_helper
        class M(VideoModel):
            def start_session(self):
                get_ctx().send({"cwd": os.getcwd(), "word": json_helper.WORD, "first": sys.path[0]})
        """
    )
    assert worker.message() == {"cwd": str(tmp_path), "word": "found", "first": str(tmp_path)}


def test_pings_are_answered_while_the_model_loads(tmp_path: Path) -> None:
    source = "time.sleep(1.5)\nclass M(VideoModel):\n    def start_session(self): ...\n"
    with WorkerChild(write_model(tmp_path, source)) as worker:
        worker.send(Ping(7))
        assert worker.wait_for(Pong).number == 7
        worker.load()


# --- what old models also do ------------------------------------------------------------------------------------


def test_a_model_may_hand_its_keyword_arguments_to_super(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def __init__(self, fps=30, **kwargs):
                super().__init__(fps=fps, **kwargs)
                self.fps = fps
            def start_session(self):
                get_ctx().send({"fps": self.fps})
        """,
        args={"fps": 12, "size": [480, 640]},
    )
    assert worker.message() == {"fps": 12}


def test_a_model_may_call_its_own_emit_frame(start: Start) -> None:
    worker = start(EMITS_FOR_EVER)
    assert worker.picture().shape == (48, 64, 3)


def test_a_model_may_return_at_once(start: Start) -> None:
    worker = start("class M(VideoModel):\n    def start_session(self): return\n")
    assert worker.over().outcome == "finished"
    worker.start("s2")
    assert worker.over("s2").outcome == "finished"


def test_a_model_that_never_polls_is_interrupted_in_milliseconds(start: Start) -> None:
    worker = start(EMITS_FOR_EVER)
    worker.wait_for(Frame)
    began_s = time.monotonic()
    assert worker.stop(grace_s=60).outcome == "stopped"
    assert time.monotonic() - began_s < 2  # a few ms; generous for a loaded machine


def test_a_model_may_sleep_two_seconds_in_finally(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                try:
                    while True:
                        self.emit_frame(None)
                finally:
                    time.sleep(2)
                    print("cleaned up")
        """
    )
    worker.wait_for(Frame)
    began_s = time.monotonic()
    assert worker.stop().outcome == "stopped"
    assert time.monotonic() - began_s >= 1.9
    assert "cleaned up" in worker.output()


def test_a_model_may_emit_float64_and_64_by_64(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                self.emit_frame(np.full((64, 64, 3), 0.5))
        """
    )
    picture = worker.picture()
    assert picture.shape == (64, 64, 3)
    assert (picture == 128).all()


def test_a_command_may_have_no_name_and_requirements_may_list_the_runtime(start: Start, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("reactor-runtime==0.0.4\n")
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(60)
            @command()
            def jump(self, height: int = 3):
                get_ctx().send({"jumped": height})
        """
    )
    worker.command("jump")
    assert worker.message() == {"jumped": 3}


def test_monitoring_is_accepted(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                ctx = get_ctx()
                ctx.enable_monitoring()
                ctx.disable_monitoring()
                ctx.get_track().emit(np.zeros((2, 16, 16, 3), np.uint8))
                ctx.get_track("reactor-video").emit(None)
                ctx.send({"id": ctx.session_id})
        """
    )
    assert worker.message() == {"id": "s1"}
    assert len(worker.frames) == 3


# --- stopping ---------------------------------------------------------------------------------------------------

POLLING = """
class M(VideoModel):
    def start_session(self):
        ctx = get_ctx()
        while not %s:
            ctx.emit_frame(None)
        for _ in range(20):
            ctx.emit_frame(None)
            ctx.send({"dropped": True})
        print("waited", ctx.wait(60), flush=True)
        print("ended by itself", flush=True)
"""


@pytest.mark.parametrize("poll", ["ctx.should_stop()", "ctx._stop_evt.is_set()", "ctx._stop_evt.wait(0.001)"])
def test_a_model_that_polls_ends_in_its_own_time_and_its_emits_are_dropped(start: Start, poll: str) -> None:
    worker = start(POLLING % poll)
    worker.wait_for(Frame)
    assert worker.stop(grace_s=30).outcome == "stopped"
    assert "waited True\nended by itself" in worker.output()


def test_a_model_that_polls_but_goes_on_is_interrupted_after_its_grace(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                while True:
                    get_ctx().should_stop()
                    self.emit_frame(None)
        """
    )
    worker.wait_for(Frame)
    began_s = time.monotonic()
    assert worker.stop(grace_s=0.5).outcome == "stopped"
    assert time.monotonic() - began_s >= 0.45


@pytest.mark.parametrize("call", ["get_ctx().wait(60)", "get_ctx().send({})", "get_ctx().emit_block(None)"])
def test_every_call_of_the_context_interrupts(start: Start, call: str) -> None:
    worker = start(f"class M(VideoModel):\n    def start_session(self):\n        while True: {call}\n")
    time.sleep(0.1)
    assert worker.stop(grace_s=60).outcome == "stopped"


def test_except_exception_doesnt_swallow_the_stop(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                while True:
                    try:
                        self.emit_frame(None)
                    except Exception:
                        print("swallowed")
        """
    )
    worker.wait_for(Frame)
    assert worker.stop().outcome == "stopped"
    assert "swallowed" not in worker.output()


def test_a_model_that_waits_for_its_viewer_is_interrupted(start: Start) -> None:
    worker = start(EMITS_FOR_EVER, answers=False)
    worker.wait_for(Frame)
    time.sleep(0.1)
    assert worker.stop(grace_s=60).outcome == "stopped"


def test_a_context_of_an_earlier_session_raises(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            old = None
            def start_session(self):
                if self.old is None:
                    self.old = get_ctx()
                    return
                for call in (lambda: self.old.emit_frame(None), lambda: self.old.send({}), lambda: self.old.wait(1)):
                    try:
                        call()
                    except SessionStopped:
                        get_ctx().send({"stopped": True})
        """
    )
    worker.over()
    worker.start("s2")
    assert worker.said(3) == [{"stopped": True}] * 3
    assert worker.over("s2").outcome == "finished"


def test_there_is_no_context_outside_a_session(start: Start) -> None:
    worker = start(
        """
        try:
            get_ctx()
        except RuntimeError as error:
            early = str(error)
        class M(VideoModel):
            def start_session(self):
                get_ctx().send({"early": early})
        """
    )
    assert "while a session runs" in worker.message()["early"]


def test_a_thread_that_emits_after_its_session_is_stopped_and_not_seen_in_the_next(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            count = 0
            def start_session(self):
                self.count += 1
                if self.count == 1:
                    threading.Thread(target=self.stray, daemon=True).start()
                    return
                get_ctx().wait(0.5)
            def stray(self):
                while True:
                    try:
                        time.sleep(0.01)
                        get_ctx().emit_frame(np.full((16, 16, 3), 200, np.uint8))
                    except RuntimeError:
                        pass
        """
    )
    worker.over()
    before = len(worker.frames)
    worker.start("s2")
    assert worker.over("s2").outcome == "finished"
    assert [frame for frame in worker.frames[before:] if frame.session_id == "s2"] == []


def test_threads_and_executors_of_the_model_may_serve_every_session(start: Start) -> None:
    worker = start(
        """
        from concurrent.futures import ThreadPoolExecutor
        import queue
        class M(VideoModel):
            pool = None
            def __init__(self):
                self.work = queue.Queue()
                threading.Thread(target=self.serve, daemon=True).start()
            def serve(self):
                while True:
                    self.work.get()
                    get_ctx().send({"by": "thread"})
            def start_session(self):
                self.pool = self.pool or ThreadPoolExecutor(1)
                self.pool.submit(lambda: get_ctx().send({"by": "pool"})).result()
                self.work.put(1)
                get_ctx().wait(60)
        """
    )
    assert worker.said(2) == [{"by": "pool"}, {"by": "thread"}]
    worker.stop()
    worker.start("s2")
    assert worker.said(2) == [{"by": "pool"}, {"by": "thread"}]


def test_a_model_that_raises_tells_the_client_type_and_text_and_the_log_the_rest(start: Start) -> None:
    worker = start("class M(VideoModel):\n    def start_session(self): raise ValueError('out of ideas')\n")
    over = worker.over()
    assert (over.outcome, over.message) == ("error", "ValueError: out of ideas")
    assert "model_m.py" in over.traceback
    worker.start("s2")
    assert worker.over("s2").outcome == "error"


def test_sys_exit_in_a_session_is_the_models_error_not_the_processes_end(start: Start) -> None:
    worker = start("class M(VideoModel):\n    def start_session(self): sys.exit(3)\n")
    over = worker.over()
    assert (over.outcome, over.message) == ("error", "SystemExit: the model called sys.exit(3)")
    worker.send(Ping(1))
    worker.wait_for(Pong)


def test_an_error_while_stopping_is_for_the_log_only(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                try:
                    get_ctx().wait(60)
                finally:
                    raise ValueError("while cleaning up")
        """
    )
    over = worker.stop()
    assert (over.outcome, over.message) == ("stopped", "")
    assert "while cleaning up" in over.traceback


def test_a_generator_as_start_session_is_explained(start: Start) -> None:
    worker = start("class M(VideoModel):\n    def start_session(self): yield 1\n")
    assert "emit_frame" in worker.over().message


# --- async models -----------------------------------------------------------------------------------------------


def test_an_async_model_that_sleeps_is_cancelled_at_the_stop_and_its_finally_runs(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            async def start_session(self):
                try:
                    get_ctx().send({"in": True})
                    await asyncio.sleep(600)
                finally:
                    await asyncio.sleep(0.1)
                    print("cleaned up", flush=True)
        """
    )
    worker.message()
    over = worker.stop(grace_s=60)
    assert (over.outcome, over.traceback) == ("stopped", "")
    assert "cleaned up" in worker.output()


def test_an_async_model_that_polls_has_its_grace_then_is_cancelled(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            async def start_session(self):
                get_ctx().should_stop()
                get_ctx().send({"in": True})
                await asyncio.sleep(600)
        """
    )
    worker.message()
    began_s = time.monotonic()
    assert worker.stop(grace_s=0.5).outcome == "stopped"
    assert time.monotonic() - began_s >= 0.45


def test_async_handlers_run_on_the_loop_of_an_async_session(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            async def start_session(self):
                self.loop, self.event = asyncio.get_running_loop(), asyncio.Event()
                await self.event.wait()
                get_ctx().send({"woken": True})
            @command()
            async def wake(self):
                get_ctx().send({"same": asyncio.get_running_loop() is self.loop})
                self.event.set()
        """
    )
    worker.command("wake")
    assert worker.said(2) == [{"same": True}, {"woken": True}]
    assert worker.over().outcome == "finished"


def test_async_handlers_of_a_plain_session_have_a_loop_of_their_own(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(60)
            @command()
            async def go(self, n: int):
                await asyncio.sleep(0.01)
                get_ctx().send({"n": n})
        """
    )
    for number in range(3):
        worker.command("go", n=number)
    assert worker.said(3) == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_an_async_handler_that_never_ends_is_cancelled_after_the_grace(start: Start, kind: str) -> None:
    worker = start(
        f"""
        class M(VideoModel):
            {kind} start_session(self):
                while True:
                    self.emit_frame(None)
                    {"await asyncio.sleep(0.001)" if kind == "async def" else "time.sleep(0.001)"}
            @command()
            async def hang(self):
                get_ctx().send({{"in": True}})
                await asyncio.sleep(600)
        """
    )
    worker.command("hang")
    worker.message()
    assert worker.stop(grace_s=0.3).outcome == "stopped"


# --- commands ---------------------------------------------------------------------------------------------------


def test_commands_run_in_the_order_sent_one_at_a_time(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(60)
            @command()
            def go(self, n: int):
                time.sleep(0.02 if n == 0 else 0)
                get_ctx().send({"n": n})
        """
    )
    for number in range(50):
        worker.command("go", n=number)
    assert worker.said(50) == [{"n": number} for number in range(50)]


def test_commands_wait_until_the_model_has_reset_itself(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                time.sleep(0.03)
                self.prompt = None
                ctx = get_ctx()
                while self.prompt is None:
                    ctx.wait(0.005)
                ctx.send({"prompt": self.prompt})
            @command()
            def set_prompt(self, prompt: str):
                self.prompt = prompt
        """
    )
    worker.command("set_prompt", prompt="a cat")
    assert worker.message() == {"prompt": "a cat"}


def test_commands_reach_a_model_that_doesnt_call_its_context(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                self.go_on = False
                while not self.go_on:
                    time.sleep(0.005)
            @command()
            def go(self):
                self.go_on = True
        """
    )
    worker.command("go")
    assert worker.over().outcome == "finished"


def test_wrong_commands_are_reported_and_the_next_one_works(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(60)
            @command()
            def go(self, n: int):
                if n == 1:
                    raise KeyError("secret sauce")
                if n == 2:
                    sys.exit(1)
                get_ctx().send({"n": n})
        """
    )
    worker.command("og", n=3)
    worker.command("go", n="x")
    worker.command("go", n=1)
    worker.command("go", n=2)
    worker.command("go", n=3)
    assert [worker.command_error()["code"] for _ in range(4)] == [
        "UNKNOWN_COMMAND",
        "INVALID_ARGUMENTS",
        "HANDLER_RAISED",
        "HANDLER_RAISED",
    ]
    assert worker.message() == {"n": 3}


def test_a_slow_handler_holds_up_neither_video_nor_the_stop_of_the_model(start: Start) -> None:
    worker = start(
        EMITS_FOR_EVER
        + """
    @command()
    def slow(self):
        get_ctx().send({"in": True})
        time.sleep(1.5)
"""
    )
    worker.command("slow")
    worker.message()
    seen = len(worker.frames)
    time.sleep(0.3)
    assert len(worker.frames) > seen
    began_s = time.monotonic()
    over = worker.stop()
    assert over.outcome == "stopped"
    assert time.monotonic() - began_s >= 0.5  # the running handler was awaited


def test_when_only_a_handler_still_runs_the_runtime_is_told(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(0.6)
            @command()
            def slow(self):
                time.sleep(1.2)
        """
    )
    worker.command("slow")
    assert worker.wait_for(SessionReturned).outcome == "finished"
    assert worker.over().outcome == "finished"


def test_too_many_waiting_commands_are_refused_once(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(60)
            @command()
            def go(self):
                time.sleep(60)
        """
    )
    for _ in range(1100):
        worker.command("go")
    assert worker.command_error()["code"] == "TOO_MANY_COMMANDS"


# --- camera -----------------------------------------------------------------------------------------------------

CAMERA = """
class M(VideoModel):
    def start_session(self):
        get_ctx().wait(60)
    def on_frame(self, frame):
        get_ctx().send({"shape": frame.shape, "dtype": str(frame.dtype), "own": frame.flags.owndata,
                        "contiguous": frame.flags.c_contiguous, "corner": frame[0, 0], "last": frame[-1, -1]})
"""


@pytest.mark.parametrize(("rotation", "turns"), [(0, 0), (90, -1), (180, 2), (270, 1)])
def test_camera_frames_arrive_upright(start: Start, rotation: int, turns: int) -> None:
    picture = np.arange(20 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(20, 32, 3)
    worker = start(CAMERA, video_input=True)
    worker.camera(picture, rotation)
    upright = np.rot90(picture, turns)
    assert worker.message() == {
        "shape": list(upright.shape),
        "dtype": "uint8",
        "own": True,
        "contiguous": True,
        "corner": upright[0, 0].tolist(),
        "last": upright[-1, -1].tolist(),
    }


def test_a_slow_on_frame_gets_the_latest_picture(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(60)
            def on_frame(self, frame):
                get_ctx().send({"value": frame[0, 0, 0]})
                time.sleep(1)
        """
    )
    for value in (1, 2, 3):
        worker.camera(np.full((16, 16, 3), value, np.uint8), slot=value - 1)
        if value == 1:
            assert worker.message() == {"value": 1}
    assert worker.message() == {"value": 3}


def test_every_camera_slot_comes_back(start: Start) -> None:
    worker = start(CAMERA)
    for slot in (0, 1, 2):
        worker.camera(np.zeros((16, 16, 3), np.uint8), slot=slot)
    assert {worker.wait_for(InputFrameDone).slot for _ in range(3)} == {0, 1, 2}


def test_an_exception_in_on_frame_is_reported_and_input_goes_on(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(60)
            def on_frame(self, frame):
                if frame[0, 0, 0] == 1:
                    raise ValueError("bad picture")
                get_ctx().send({"fine": True})
        """
    )
    worker.camera(np.full((16, 16, 3), 1, np.uint8))
    failed = worker.wait_for(CallbackFailed)
    assert failed.message == "ValueError: bad picture"
    assert "on_frame" in failed.traceback
    worker.camera(np.full((16, 16, 3), 2, np.uint8), slot=1)
    assert worker.message() == {"fine": True}


# --- output -----------------------------------------------------------------------------------------------------


def test_pictures_arrive_as_they_were_emitted_across_sizes(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                for height, width in ((48, 64), (20, 33), (240, 320), (48, 64)):
                    picture = np.arange(height * width * 3) % 251
                    self.emit_frame(picture.astype(np.uint8).reshape(height, width, 3))
                self.emit_frame(None)
        """
    )
    worker.over()
    for picture, (height, width) in zip(worker.pictures, ((48, 64), (20, 33), (240, 320), (48, 64)), strict=False):
        emitted = (np.arange(height * width * 3) % 251).astype(np.uint8).reshape(height, width, 3)
        assert (picture[:height, :width] == emitted).all()
    assert [picture.shape[:2] for picture in worker.pictures] == [(48, 64), (20, 36), (240, 320), (48, 64), (48, 64)]
    assert not worker.pictures[-1].any()
    assert [frame.number for frame in worker.frames] == [0, 1, 2, 3, 4]


def test_a_black_frame_before_any_other_has_the_size_the_runtime_asked_for(start: Start) -> None:
    worker = start("class M(VideoModel):\n    def start_session(self): self.emit_frame(None)\n")
    picture = worker.picture()
    assert picture.shape == (48, 64, 3)
    assert not picture.any()


def test_a_model_runs_ahead_of_its_viewer_by_two_frames(start: Start) -> None:
    worker = start(EMITS_FOR_EVER, answers=False)
    first = worker.wait_for(Frame)
    worker.wait_for(Frame)
    time.sleep(0.3)
    assert len(worker.frames) == 2
    worker.answer(first)
    worker.wait_for(Frame)


def test_a_model_runs_ahead_of_its_viewer_by_two_blocks(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                while True:
                    get_ctx().emit_block(np.zeros((6, 16, 16, 3), np.uint8))
        """,
        answers=False,
    )
    ring = worker.wait_for(OutputRing)
    assert (ring.slots, ring.slot_bytes) == (12, 768)
    frames = [worker.wait_for(Frame) for _ in range(12)]
    time.sleep(0.2)
    assert len(worker.frames) == 12
    assert [(frame.block_index, frame.block_size) for frame in frames[:6]] == [(index, 6) for index in range(6)]
    for frame in frames[:6]:
        worker.answer(frame)
    worker.wait_for(Frame)


def test_messages_wait_when_256_are_under_way(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                for number in range(300):
                    get_ctx().send({"n": number})
                    if number == 255:
                        print("sent 256", flush=True)
                print("sent all", flush=True)
        """,
        answers=False,
    )
    worker.said(256)
    time.sleep(0.3)
    assert "sent 256" in worker.output()
    assert "sent all" not in worker.output()
    assert worker.stop().outcome == "stopped"


def test_a_wrong_frame_raises_in_the_model(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                self.emit_frame(np.zeros((16, 16, 1), np.uint8))
        """
    )
    over = worker.over()
    assert over.outcome == "error"
    assert "shape (16, 16, 1) and dtype uint8" in over.message


def test_floats_far_outside_are_warned_of_once_a_session(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                for _ in range(3):
                    self.emit_frame(np.full((16, 16, 3), 255.0))
                logging.getLogger("end").error("end")
        """
    )
    warned = [worker.wait_for(LogRecord) for _ in range(2)]
    assert [record.level for record in warned] == ["warning", "error"]
    assert "0..1 is expected" in warned[0].message


def test_the_working_time_leaves_out_the_wait_for_the_viewer(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                while True:
                    time.sleep(0.02)
                    self.emit_frame(None)
        """,
        answers=False,
    )
    first = worker.wait_for(Frame)
    worker.wait_for(Frame)
    time.sleep(1)
    worker.answer(first)
    worker.wait_for(Frame)
    time.sleep(0.1)
    worker.answers = True
    for frame in list(worker.frames[1:]):
        worker.answer(frame)
    assert 0.015 < worker.wait_for(Frame).work_s < 0.9


# --- the process ------------------------------------------------------------------------------------------------


def test_the_models_logging_and_warnings_become_records_of_the_session(start: Start) -> None:
    worker = start(
        """
        import warnings
        class M(VideoModel):
            def start_session(self):
                logging.getLogger("mine").info("value %d", 3)
                warnings.warn("careful")
                try:
                    1 / 0
                except ZeroDivisionError:
                    logging.exception("failed")
                logging.info("wrong %d", "format")
        """
    )
    records = [worker.wait_for(LogRecord) for _ in range(4)]
    assert (records[0].session_id, records[0].level, records[0].logger) == ("s1", "info", "mine")
    assert records[0].message == "value 3"
    assert "careful" in records[1].message
    assert "ZeroDivisionError" in records[2].traceback
    assert "wrong" in records[3].message


def test_a_flood_of_records_is_cut_down_and_counted_but_errors_pass(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                for number in range(20_000):
                    logging.info("flood %d", number)
                logging.error("what matters")
                time.sleep(1)
                logging.info("afterwards")
        """
    )
    texts = [worker.wait_for(LogRecord).message]
    while texts[-1] != "afterwards":
        texts.append(worker.wait_for(LogRecord).message)
    assert "what matters" in texts
    told = [text for text in texts if "left out" in text]
    flood = [text for text in texts if text.startswith("flood")]
    assert sum(int(text.split()[7].replace(",", "")) for text in told) + len(flood) == 20_000
    assert len(flood) < 5000


def test_what_the_model_prints_comes_line_by_line(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                print("one line")
                get_ctx().send({"printed": True})
                get_ctx().wait(60)
        """
    )
    worker.message()
    assert "one line\n" in worker.output()


def test_sigusr1_shows_what_every_thread_does(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().send({"in": True})
                self.a_place_to_hang()
            def a_place_to_hang(self):
                time.sleep(600)
        """
    )
    worker.message()
    deadline_s = time.monotonic() + 30
    while "a_place_to_hang" not in worker.output():  # the first may come before the model is there
        assert time.monotonic() < deadline_s
        os.kill(worker.process.pid, signal.SIGUSR1)
        time.sleep(0.1)
    assert worker.process.poll() is None


def test_the_process_ends_when_the_runtime_server_closes_the_channel(start: Start) -> None:
    worker = start(EMITS_FOR_EVER, session=False)
    worker.channel.close()
    assert worker.process.wait(30) == 1


def test_a_shutdown_is_honest_even_if_the_channel_closes_at_once(start: Start) -> None:
    worker = start(
        """
        import atexit
        class M(VideoModel):
            def __init__(self):
                atexit.register(lambda: print("at exit", flush=True))
            def start_session(self): ...
        """,
        session=False,
    )
    worker.send(Shutdown())
    worker.channel.close()
    assert worker.process.wait(30) == 0
    assert "at exit" in worker.output()


def test_the_runtime_servers_end_interrupts_the_session_first(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                try:
                    get_ctx().wait(600)
                finally:
                    print("cleaned up", flush=True)
        """
    )
    worker.channel.close()
    assert worker.process.wait(30) == 1
    assert "cleaned up" in worker.output()


def test_a_lasting_thread_of_the_model_doesnt_keep_the_process(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def __init__(self):
                threading.Thread(target=time.sleep, args=(600,)).start()
            def start_session(self): ...
        """,
        session=False,
    )
    assert worker.shutdown() == 0


def test_a_forked_child_has_no_session_and_leaves_the_channel_alone(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                ctx = get_ctx()
                child = os.fork()
                if child == 0:
                    try:
                        ctx.emit_frame(None)
                    except BaseException as error:
                        print("child:", type(error).__name__, flush=True)
                    try:
                        get_ctx()
                    except RuntimeError:
                        print("child has no session", flush=True)
                    logging.warning("child warns")
                    os._exit(0)
                os.waitpid(child, 0)
                ctx.send({"parent": "goes on"})
        """
    )
    assert worker.message() == {"parent": "goes on"}
    assert "child: SessionStopped\nchild has no session\nchild warns" in worker.output()
    assert worker.over().outcome == "finished"


def test_ten_sessions_in_a_row_on_one_instance(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().send({"threads": threading.active_count(), "main": threading.current_thread().name})
                while True:
                    self.emit_frame(None)
        """
    )
    seen = []
    for number in range(10):
        seen.append(worker.message())
        worker.stop(f"s{number + 1}")
        worker.start(f"s{number + 2}")
    assert seen == [{"threads": seen[0]["threads"], "main": "MainThread"}] * 10
