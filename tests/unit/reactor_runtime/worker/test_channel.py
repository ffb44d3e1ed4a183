import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_runtime.worker import messages as m
from reactor_runtime.worker.channel import Channel, ChannelClosedError, DescriptorLostError, runtime_end, worker_end
from reactor_runtime.worker.ring import RingMemoryError, SharedRing
from support.limits import PATIENCE_S

Ends = tuple[Channel[m.FromWorker], Channel[m.ToWorker]]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    runtime, worker = runtime_end(ours), worker_end(theirs)
    yield runtime, worker
    runtime.close()
    worker.close()


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_messages_arrive_in_order_and_unchanged(ends: Ends) -> None:
    runtime, worker = ends
    sent = [m.StartSession("s", 832, 480), m.RunCommand("s", "set", b'{"a":1}'), m.StopSession("s", 2.0)]
    for message in sent:
        runtime.send(message)
    assert [worker.receive() for _ in sent] == [(message, None) for message in sent]


def test_a_16_mib_command_passes(ends: Ends) -> None:
    runtime, worker = ends
    data = b'"' + b"x" * (16 * 1024 * 1024) + b'"'
    sender = threading.Thread(target=runtime.send, args=(m.RunCommand("s", "image", data),))
    sender.start()
    message, _ = worker.receive()
    sender.join(PATIENCE_S)
    assert isinstance(message, m.RunCommand)
    assert message.data == data


def test_a_ring_that_comes_where_nothing_more_may_be_opened_is_told_from_a_broken_message(ends: Ends) -> None:
    runtime, worker = ends
    ring = SharedRing.create(1, 48)
    worker.send(m.OutputRing(1, 1, 48), ring.fd)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))  # what is open stays so
    try:
        with pytest.raises(DescriptorLostError, match="Too many open files"):
            runtime.receive()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        ring.close()


def test_a_ring_handed_over_shares_its_memory(ends: Ends) -> None:
    runtime, worker = ends
    ring = SharedRing.create(4, 48)
    worker.send(m.OutputRing(1, 4, 48), ring.fd)
    worker.send(m.Frame("s", "reactor-video", 1, 2, 0, 4, 4, 0.0, 0.0))
    message, fd = runtime.receive()
    assert isinstance(message, m.OutputRing)
    assert fd is not None
    other = SharedRing(fd, message.slots, message.slot_bytes)
    ring.slot(2)[:] = 7
    assert other.slot(2).tolist() == [7] * 48
    assert other.slot(1).tolist() == [0] * 48
    assert runtime.receive()[1] is None
    ring.close()
    other.close()


def test_receiving_ends_when_the_other_end_closes(ends: Ends) -> None:
    runtime, worker = ends
    worker.close()
    with pytest.raises(ChannelClosedError):
        runtime.receive()
    with pytest.raises(ChannelClosedError):
        runtime.send(m.Shutdown())


def test_closing_gives_back_descriptors_nobody_took(ends: Ends) -> None:
    runtime, worker = ends
    ring = SharedRing.create(1, 48)
    worker.send(m.Pong(1))
    worker.send(m.OutputRing(1, 1, 48), ring.fd)
    before = open_descriptors()
    runtime.receive()
    runtime.close()
    assert open_descriptors() <= before
    ring.close()


def test_a_ring_the_machine_has_no_room_for_says_how_much_was_asked_for() -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(RingMemoryError, match=r"no memory for 4 frames of 1,048,576 bytes \(4 MiB\)"):
            SharedRing.create(4, 1 << 20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@given(
    st.builds(
        m.Frame,
        st.text(max_size=40),
        st.text(max_size=40),
        *[st.integers(0, 2**31)] * 5,
        *[st.floats(allow_nan=False)] * 2,
        st.integers(0, 600),
        st.integers(1, 600),
    )
)
def test_every_frame_message_survives_the_channel(frame: m.Frame) -> None:
    ours, theirs = socket.socketpair()
    runtime, worker = runtime_end(ours), worker_end(theirs)
    worker.send(frame)
    assert runtime.receive() == (frame, None)
    runtime.close()
    worker.close()
