"""Pictures and messages that leave a real worker."""

import time

import numpy as np
import pytest

from reactor_runtime.worker.messages import (
    Frame,
    LogRecord,
    OutputRing,
)
from support.worker_child import EMITS_FOR_EVER, Start


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


def test_a_models_first_frame_is_shown_before_it_makes_another(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                for number in range(4):
                    self.emit_frame(np.zeros((16, 16, 3), np.uint8))
                    get_ctx().send({"emitted": number})
        """,
        answers=False,
    )
    first = worker.wait_for(Frame)
    time.sleep(0.3)
    assert len(worker.frames) == 1
    worker.answer(first)
    assert worker.message() == {"emitted": 0}


def test_a_session_that_ends_before_its_first_frame_is_shown_interrupts_the_next_call_only(start: Start) -> None:
    worker = start(
        """
        class M(VideoModel):
            def start_session(self):
                self.emit_frame(None)
                print("went on", flush=True)
                self.emit_frame(None)
                print("not this far", flush=True)
        """,
        answers=False,
    )
    worker.wait_for(Frame)
    assert worker.stop().outcome == "stopped"
    assert worker.output().split("\n")[-2:] == ["went on", ""]


@pytest.mark.parametrize("ahead", [0, 1, 2, 4])
def test_a_model_runs_ahead_by_as_many_frames_as_the_last_answer_said(start: Start, ahead: int) -> None:
    worker = start(EMITS_FOR_EVER, answers=False)
    worker.ahead = ahead
    worker.answer(worker.wait_for(Frame))
    for _ in range(max(ahead, 1)):
        worker.wait_for(Frame)
    time.sleep(0.3)
    assert len(worker.frames) == 1 + max(ahead, 1)


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
    time.sleep(1)
    worker.answer(first)
    assert 0.015 < worker.wait_for(Frame).work_s < 0.9
