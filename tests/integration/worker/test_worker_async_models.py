"""Models with coroutines, in a real worker."""

import time

import pytest

from support.worker_child import Start


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
