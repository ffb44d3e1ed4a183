"""What models of the older API do, in a real worker."""

import time
from pathlib import Path

from reactor_runtime.worker.messages import (
    Frame,
)
from support.limits import SLOW
from support.worker_child import EMITS_FOR_EVER, Start


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
    assert time.monotonic() - began_s < 2 * SLOW  # a few ms


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
