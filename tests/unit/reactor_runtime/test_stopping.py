import threading
import time

import pytest

from reactor_runtime import SessionStopped
from reactor_runtime.stopping import StopEvent, StopGate, Verdict


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> StopGate:
    return StopGate(threading.Condition(), clock)


def test_a_running_session_lets_everything_through(gate: StopGate) -> None:
    assert gate.verdict() is Verdict.GO
    assert gate.admit()
    assert not gate.poll()


def test_a_model_that_never_polled_is_interrupted_at_once(gate: StopGate) -> None:
    gate.request(2.0)
    with pytest.raises(SessionStopped):
        gate.admit()


def test_a_model_that_polled_has_its_calls_dropped_during_the_grace_then_is_interrupted(
    gate: StopGate, clock: Clock
) -> None:
    gate.poll()
    gate.request(2.0)
    assert not gate.admit()
    assert gate.wait(60)
    clock.now_s += 1.99
    assert not gate.admit()
    clock.now_s += 0.01
    with pytest.raises(SessionStopped):
        gate.admit()
    with pytest.raises(SessionStopped):
        gate.wait(60)


def test_asking_for_the_first_time_after_the_stop_still_gives_the_rest_of_the_grace(
    gate: StopGate, clock: Clock
) -> None:
    gate.request(2.0)
    clock.now_s += 1
    assert gate.poll()
    assert not gate.admit()
    assert gate.left_s() == 1.0


def test_a_second_request_only_shortens_the_grace(gate: StopGate, clock: Clock) -> None:
    gate.poll()
    gate.request(2.0)
    gate.request(60.0)
    assert gate.left_s() == 2.0
    gate.request(0.0)
    with pytest.raises(SessionStopped):
        gate.admit()


def test_after_the_end_even_a_model_that_polled_is_interrupted(gate: StopGate) -> None:
    gate.poll()
    gate.close()
    assert gate.poll()
    with pytest.raises(SessionStopped):
        gate.admit()


@pytest.mark.parametrize("look", [lambda event: event.is_set(), lambda event: event.wait(0)])
def test_looking_at_the_stop_event_counts_as_polling(gate: StopGate, look: object) -> None:
    event = StopEvent(gate)
    assert not look(event)  # type: ignore[operator]
    gate.request(2.0)
    assert look(event)  # type: ignore[operator]
    assert gate.verdict() is Verdict.DROP


def test_waiting_is_no_polling_and_ends_at_its_time(gate: StopGate) -> None:
    assert not gate.wait(0.01)
    assert not gate.polled


def test_a_wait_ends_as_soon_as_the_stop_is_requested() -> None:
    gate = StopGate(threading.Condition())
    gate.poll()
    threading.Timer(0.05, gate.request, (2.0,)).start()
    started_s = time.monotonic()
    assert gate.wait(30)
    assert time.monotonic() - started_s < 10


def test_a_wait_for_a_moment_ends_then_or_as_soon_as_the_stop_is_requested() -> None:
    gate = StopGate(threading.Condition())
    gate.wait_or_end_at(time.monotonic() + 0.01)
    threading.Timer(0.05, gate.request, args=[0.0]).start()
    gate.wait_or_end_at(time.monotonic() + 60)
    assert gate.requested.is_set()


def test_the_stop_event_wakes_who_waits_for_it() -> None:
    gate = StopGate(threading.Condition())
    threading.Timer(0.05, gate.request, (2.0,)).start()
    assert StopEvent(gate).wait(30)


def test_listeners_are_told_of_each_request_and_of_one_that_was() -> None:
    gate, told = StopGate(threading.Condition()), []
    gate.listen(lambda: told.append("before"))
    gate.request(1)
    gate.listen(lambda: told.append("after"))
    assert told == ["before", "after"]


def test_session_stopped_is_not_an_exception_that_a_loop_swallows() -> None:
    assert issubclass(SessionStopped, BaseException)
    assert not issubclass(SessionStopped, Exception)
