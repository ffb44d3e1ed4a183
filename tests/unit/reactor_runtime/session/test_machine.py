from typing import get_args

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reactor_protocol.runtime import RuntimeState
from reactor_runtime.session.machine import TRANSITIONS, Machine, TransitionError, Trigger


def test_every_state_is_reached_and_left() -> None:
    states = set(get_args(RuntimeState))
    assert {source for source, _ in TRANSITIONS} == states
    assert set(TRANSITIONS.values()) == states


def test_every_trigger_leads_somewhere() -> None:
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


def test_a_step_that_is_not_in_the_table_is_refused_and_changes_nothing() -> None:
    machine = Machine()
    with pytest.raises(TransitionError):
        machine.fire(Trigger.GRANT)
    assert machine.state == "loading"


class Walk(RuleBasedStateMachine):
    """Any sequence of triggers: what may start, run and end a session."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine()
        self.loaded = False
        self.in_session = False

    @rule(trigger=st.sampled_from(list(Trigger)))
    def fire(self, trigger: Trigger) -> None:
        before = self.machine.state
        try:
            after = self.machine.fire(trigger)
        except TransitionError:
            assert (before, trigger) not in TRANSITIONS
            assert self.machine.state == before
            return
        assert TRANSITIONS[before, trigger] == after
        self.loaded = trigger is Trigger.LOADED or (self.loaded and after not in {"loading", "failed"})
        self.in_session = trigger is Trigger.GRANT or (self.in_session and after in {"starting", "active", "stopping"})

    @precondition(lambda self: self.machine.state == "ready")
    @rule()
    def have_a_session(self) -> None:
        for trigger in (Trigger.GRANT, Trigger.PUBLISHED, Trigger.END, Trigger.WORKER_FREE):
            self.machine.fire(trigger)
        assert self.machine.state == "ready"

    @invariant()
    def a_session_needs_a_loaded_model(self) -> None:
        assert self.loaded == (self.machine.state not in {"loading", "failed"})
        assert self.in_session == (self.machine.state in {"starting", "active", "stopping"})


TestWalk = Walk.TestCase
