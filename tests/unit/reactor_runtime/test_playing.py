"""`reactor_runtime.testing`: a session in a test."""

import asyncio
from typing import Any

import numpy as np
import pytest

from reactor_runtime import VideoModel, command, get_ctx
from reactor_runtime.context import get_ctx as context_of
from reactor_runtime.testing import playing


class Counter(VideoModel):
    """Emits frames whose grey is their number."""

    def __init__(self, size: tuple[int, int] = (16, 20)) -> None:
        self.size = size
        self.step = 1

    def start_session(self) -> Any:
        self.step = 1
        self.at = 0
        while not get_ctx().should_stop():
            get_ctx().emit_frame(np.full((*self.size, 3), self.at, np.uint8))
            self.at += self.step

    @command("set_step")
    def set_step(self, step: int) -> None:
        self.step = step
        get_ctx().send({"type": "status", "step": np.int64(step)})

    @command("later")
    async def later(self) -> None:
        await asyncio.sleep(0)
        self.step = 50

    def on_frame(self, frame: Any) -> None:
        self.at = int(frame.mean())


def greys(frames: list[Any]) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in frames]


def test_frames_come_in_order_and_none_is_lost() -> None:
    with playing(Counter()) as viewer:
        assert greys(viewer.next_frames(20)) == list(range(20))


def test_frames_are_as_a_viewer_gets_them() -> None:
    with playing(Counter(size=(17, 5))) as viewer:
        assert viewer.next_frame().shape == (20, 16, 3)


def test_a_command_is_checked_called_and_its_messages_kept() -> None:
    with playing(Counter()) as viewer:
        viewer.send_command("set_step", step=7)
        values = greys(viewer.next_frames(6))
    assert values[-1] - values[-2] == 7
    assert viewer.messages == [{"type": "status", "step": 7}]


def test_an_async_command_is_run_to_its_end() -> None:
    with playing(Counter()) as viewer:
        viewer.send_command("later")
        values = greys(viewer.next_frames(4))
    assert values[-1] - values[-2] == 50


def test_the_camera_arrives_at_on_frame() -> None:
    with playing(Counter()) as viewer:
        viewer.next_frame()
        viewer.show_camera(np.full((8, 8, 3), 200, np.uint8))
        assert max(greys(viewer.next_frames(4))) >= 200


def test_what_doesnt_fit_a_command_is_refused() -> None:
    with playing(Counter()) as viewer:
        with pytest.raises(ValueError, match="step"):
            viewer.send_command("set_step", step="many")
        with pytest.raises(LookupError, match="it has: set_step, later"):
            viewer.send_command("set_stepp", step=1)


def test_a_block_is_given_frame_by_frame() -> None:
    class Blocks(VideoModel):
        def start_session(self) -> None:
            get_ctx().emit_block(np.stack([np.full((16, 16, 3), value, np.uint8) for value in (1, 2, 3)]))

    with playing(Blocks()) as viewer:
        assert greys(viewer.next_frames(3)) == [1, 2, 3]
        with pytest.raises(AssertionError, match="start_session has returned"):
            viewer.next_frame()


def test_what_the_model_raises_is_raised_in_the_test() -> None:
    class Broken(VideoModel):
        def start_session(self) -> None:
            get_ctx().emit_frame("no frame")

    with pytest.raises(TypeError, match="a frame of type str"), playing(Broken()) as viewer:
        viewer.next_frame()


def test_a_model_that_never_asks_is_interrupted() -> None:
    class Deaf(VideoModel):
        def start_session(self) -> None:
            while True:
                get_ctx().emit_frame(None)

    with playing(Deaf()) as viewer:
        viewer.next_frames(2)


def test_an_async_model_plays() -> None:
    class Async(VideoModel):
        async def start_session(self) -> None:
            while not get_ctx().should_stop():
                get_ctx().emit_frame(None)
                await asyncio.sleep(0)

    with playing(Async()) as viewer:
        assert viewer.next_frame().max() == 0


def test_after_the_block_no_session_runs_and_another_may_begin() -> None:
    model = Counter()
    for _ in range(2):
        with playing(model) as viewer:
            assert greys(viewer.next_frames(2)) == [0, 1]
        with pytest.raises(RuntimeError):
            context_of()


def test_the_tests_own_failure_is_the_one_that_is_shown() -> None:
    with pytest.raises(ZeroDivisionError), playing(Counter()) as viewer:
        viewer.next_frame()
        raise ZeroDivisionError
