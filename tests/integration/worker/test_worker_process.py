"""The worker as a process: its words, its signals, its end."""

import os
import signal
import time

from reactor_runtime.worker.messages import (
    LogRecord,
    Shutdown,
)
from support.worker_child import EMITS_FOR_EVER, Start


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
