"""The client's camera in a real worker."""

import numpy as np
import pytest

from reactor_runtime.worker.messages import (
    CallbackFailed,
    InputFrameDone,
)
from support.worker_child import Start

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
                time.sleep(3)
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
