import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from reactor_runtime.worker import messages as m
from reactor_runtime.worker.channel import Channel, runtime_end, worker_end
from reactor_runtime.worker.outbox import MAX_COMMAND_BYTES, MAX_COMMANDS, WorkerOutbox
from reactor_runtime.worker.ring import SharedRing


@dataclass(frozen=True, slots=True)
class Line:
    """An outbox and who reads what it sends."""

    channel: Channel[m.FromWorker]
    outbox: WorkerOutbox
    worker: Channel[m.ToWorker]

    def fill(self) -> list[m.RunCommand]:
        """Put as much as the socket takes, and some more; return all of it."""
        commands = [m.RunCommand("s", f"c{number}", b"x" * 10_000) for number in range(200)]
        for command in commands:
            assert self.outbox.put(command)
        return commands


@pytest.fixture
def line() -> Iterator[Line]:
    ours, theirs = socket.socketpair()
    channel, worker = runtime_end(ours), worker_end(theirs)
    found = Line(channel, WorkerOutbox(channel), worker)
    yield found
    channel.close()
    found.outbox.close()
    worker.close()


def test_a_worker_that_reads_late_gets_everything_in_order(line: Line) -> None:
    stop = m.StopSession("s", 2.0)
    sent = [*line.fill(), stop]
    assert line.outbox.put(stop)
    assert [line.worker.receive()[0] for _ in sent] == sent
    assert line.outbox.put(m.Ping(1))
    assert line.worker.receive()[0] == m.Ping(1)


def test_a_command_larger_than_the_socket_holds_arrives_whole_and_before_the_next(line: Line) -> None:
    large = m.RunCommand("s", "image", b"x" * (16 * 1024 * 1024))
    assert line.outbox.put(large)
    assert line.outbox.put(m.Ping(2))
    assert [line.worker.receive()[0] for _ in range(2)] == [large, m.Ping(2)]


def test_descriptors_keep_their_place_among_the_messages(line: Line) -> None:
    filling = line.fill()
    ring = SharedRing.create(3, 48)
    line.outbox.put(m.InputRing(1, 3, 48), ring.fd)
    line.outbox.put(m.Ping(3))
    ring.close()
    assert [line.worker.receive()[0] for _ in filling] == filling
    message, fd = line.worker.receive()
    assert message == m.InputRing(1, 3, 48)
    assert fd is not None
    os.close(fd)
    assert line.worker.receive()[0] == m.Ping(3)


def test_commands_that_nobody_reads_are_refused_beyond_the_limits_and_nothing_else_is(line: Line) -> None:
    accepted = 0
    while line.outbox.put(m.RunCommand("s", "c", b"x" * 1_000_000)):
        accepted += 1
    assert accepted <= MAX_COMMAND_BYTES // 1_000_000 + 2  # what the socket holds and what the thread has in its hands
    assert line.outbox.put(m.StopSession("s", 2.0))


def test_so_many_small_commands_may_wait(line: Line) -> None:
    line.fill()
    accepted = 0
    while line.outbox.put(m.RunCommand("s", "c", b"{}")):
        accepted += 1
    assert MAX_COMMANDS - 200 <= accepted <= MAX_COMMANDS


def test_nothing_is_raised_when_the_worker_is_gone(line: Line) -> None:
    line.worker.close()
    assert line.outbox.put(m.Ping(4))
    assert line.outbox.put(m.RunCommand("s", "c", b"{}"))
