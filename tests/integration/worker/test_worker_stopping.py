"""How a worker's sessions are stopped and how they fail."""

import time

import pytest

from reactor_runtime.worker.messages import (
    Frame,
    Ping,
    Pong,
)
from support.worker_child import EMITS_FOR_EVER, Start

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
