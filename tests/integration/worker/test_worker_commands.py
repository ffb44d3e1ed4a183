"""Commands in a real worker: order, mistakes, slowness."""

import time

from reactor_runtime.worker.messages import Frame, SessionReturned
from support.worker_child import EMITS_FOR_EVER, Start


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
        time.sleep(5)
"""
    )
    worker.command("slow")
    worker.message()
    worker.wait_for(Frame)
    began_s = time.monotonic()
    over = worker.stop()
    assert over.outcome == "stopped"
    assert time.monotonic() - began_s >= 0.5  # the running handler was awaited


def test_when_only_a_handler_still_runs_the_runtime_is_told(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                get_ctx().wait(2)
            @command()
            def slow(self):
                time.sleep(4)
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
