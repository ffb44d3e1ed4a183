import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from reactor_runtime import SessionStopped
from reactor_runtime.frames import Size
from reactor_runtime.media.frame import USUAL_AHEAD
from reactor_runtime.stopping import StopGate
from reactor_runtime.worker import output
from reactor_runtime.worker.channel import ChannelClosedError, runtime_end, worker_end
from reactor_runtime.worker.messages import Frame, FrameDone, OutputRing
from reactor_runtime.worker.output import FrameOutput, Ring, slot_count
from reactor_runtime.worker.ring import SharedRing
from support.limits import PATIENCE_S


class Viewer:
    """The other end: notes what comes and answers each frame at once, unless told to keep it."""

    def __init__(self, sock: socket.socket) -> None:
        self.channel = runtime_end(sock)
        self.rings: list[OutputRing] = []
        self.frames: list[Frame] = []
        self.firsts: list[int] = []
        self.ahead = USUAL_AHEAD
        self.begin_in_s = 0.0
        self._memory: dict[int, SharedRing] = {}

    def seen(self, count: int) -> list[Frame]:
        """The frames, once there are as many."""
        deadline_s = time.monotonic() + PATIENCE_S
        while len(self.frames) < count:
            assert time.monotonic() < deadline_s
            time.sleep(0.005)
        return self.frames

    def watch(self, ring: Ring, frames: FrameOutput, changed: threading.Condition) -> None:
        try:
            while True:
                message, fd = self.channel.receive()
                if isinstance(message, OutputRing) and fd is not None:
                    self.rings.append(message)
                    self._memory[message.generation] = SharedRing(fd, message.slots, message.slot_bytes)
                    self._memory[message.generation].close()
                elif isinstance(message, Frame):
                    self.firsts.append(int(self._memory[message.generation].slot(message.slot)[0]))
                    self.frames.append(message)
                    with changed:
                        begin_at_s = time.monotonic() + self.begin_in_s
                        done = FrameDone("s", message.generation, message.slot, self.ahead, begin_at_s)
                        ring.give_back(done.generation, done.slot)
                        frames.done(done)
                        changed.notify_all()
        except ChannelClosedError:
            return


@pytest.fixture
def parts() -> Iterator[tuple[FrameOutput, Viewer]]:
    mine, theirs = socket.socketpair()
    channel, changed = worker_end(mine), threading.Condition()
    gate, ring, viewer = StopGate(changed), Ring(channel, changed), Viewer(theirs)
    frames = FrameOutput("s", channel, ring, gate, Size(64, 48))
    watching = threading.Thread(target=viewer.watch, args=(ring, frames, changed))
    watching.start()
    yield frames, viewer
    channel.close()
    watching.join(PATIENCE_S)
    viewer.channel.close()


def block(count: int, height: int = 16, width: int = 16) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    values = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1)
    return np.broadcast_to(values, (count, height, width, 3))


@pytest.mark.parametrize(
    ("frames", "frame_bytes", "slots"),
    [(1, 1000, 4), (2, 1000, 4), (3, 1000, 6), (16, 1_000_000, 32), (100, 24_883_200, 21), (1, 200 * 2**20, 2)],
)
def test_slots_are_twice_the_block_at_least_four_and_never_more_than_the_memory(
    frames: int, frame_bytes: int, slots: int
) -> None:
    assert slot_count(frames, frame_bytes) == slots


def test_a_frame_that_fits_twice_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        slot_count(1, 300 * 2**20)


def test_a_block_larger_than_the_ring_goes_through_piece_by_piece(
    parts: tuple[FrameOutput, Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, viewer = parts
    monkeypatch.setattr(output, "RING_LIMIT_BYTES", 5 * 768)
    frames.emit(block(50))
    frames.emit(block(1))
    viewer.seen(51)
    assert [ring.slots for ring in viewer.rings] == [5]
    assert viewer.firsts == [*range(50), 0]
    assert [frame.block_index for frame in viewer.frames[:50]] == list(range(50))


def test_the_ring_grows_when_frames_or_blocks_do_and_only_then(
    parts: tuple[FrameOutput, Viewer],
) -> None:
    frames, viewer = parts
    for count, side in ((1, 16), (1, 16), (4, 16), (1, 64), (1, 16), (4, 16), (8, 64), (8, 64), (1, 16)):
        frames.emit(block(count, side, side))
    assert len(viewer.seen(29)) == 29
    assert [(ring.generation, ring.slots, ring.slot_bytes) for ring in viewer.rings] == [
        (1, 4, 768),
        (2, 8, 768),
        (3, 4, 12288),
        (4, 8, 12288),
        (5, 16, 12288),
    ]


def test_an_emit_that_waits_for_its_frame_returns_when_the_next_one_should_begin(
    parts: tuple[FrameOutput, Viewer],
) -> None:
    frames, viewer = parts
    viewer.ahead, viewer.begin_in_s = 0, 0.2
    frames.emit(block(1))
    emitted_at_s = time.monotonic()
    frames.emit(block(1))
    assert time.monotonic() - emitted_at_s > 0.15
    assert viewer.frames[1].work_s < viewer.begin_in_s  # that wait is none of its work


def test_an_empty_block_is_nothing(parts: tuple[FrameOutput, Viewer]) -> None:
    frames, viewer = parts
    frames.emit(block(0))
    frames.emit(block(1))
    assert [frame.block_size for frame in viewer.seen(1)] == [1]


def test_frames_beyond_the_end_of_the_runtime_server_stop_the_session(
    parts: tuple[FrameOutput, Viewer],
) -> None:
    frames, viewer = parts
    viewer.channel.close()
    with pytest.raises(SessionStopped):
        for _ in range(100):
            frames.emit(block(1))
