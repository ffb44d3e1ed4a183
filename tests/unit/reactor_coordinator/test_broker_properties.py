"""The broker under anything that can happen, in any order."""

from math import isfinite
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reactor_coordinator.events import Left, RuntimeDoubted, RuntimeGone, Tick
from reactor_coordinator.policy import Policy
from reactor_coordinator.standby import RETRY_MOST_S
from reactor_protocol import runtime as wire
from support.broker_world import FakeClient, World

CODES = st.sampled_from(["BUSY", "LOADING", "FAILED", "TRANSPORT", "UNREACHABLE", "INTERNAL"])
POLICIES = st.builds(
    Policy,
    max_queue=st.sampled_from([0, 2, 100]),
    orphan_timeout_s=st.sampled_from([None, 30.0]),
    orphan_timeout_queued_s=st.sampled_from([None, 3.0]),
    max_session_s=st.sampled_from([None, 20.0]),
    video_codec=st.sampled_from([None, "h264"]),
)


class BrokerMachine(RuleBasedStateMachine):
    """Clients, a runtime and time, all unreliable."""

    world: World

    @initialize(policy=POLICIES)
    def start(self, policy: Policy) -> None:
        self.world = World(policy).begin()
        self.tokens: list[str] = []

    def pick(self, data: Any) -> FakeClient:
        client: FakeClient = data.draw(st.sampled_from(list(self.world.clients.values())))
        return client

    @precondition(lambda self: len(self.world.clients) < 8)
    @rule()
    def connect(self) -> None:
        self.world.open()

    @precondition(lambda self: len(self.world.clients) < 8)
    @rule(queueing=st.booleans(), prepared=st.booleans(), codecs=st.sampled_from([[], ["h264"], ["vp8", "vp9"]]))
    def connect_and_ask(self, queueing: bool, prepared: bool, codecs: list[str]) -> None:
        self.world.ask(self.world.open(), queueing=queueing, prepared=prepared, video_codecs=codecs)

    @precondition(lambda self: self.world.clients)
    @rule(data=st.data())
    def ask(self, data: Any) -> None:
        self.world.ask(self.pick(data))

    @precondition(lambda self: self.world.clients)
    @rule(data=st.data(), clean=st.booleans())
    def close(self, data: Any, clean: bool) -> None:
        client = self.pick(data)
        if client.assigned is not None:
            self.tokens.append(client.assigned.resume_token)
        self.world.close(client, clean=clean)

    @precondition(lambda self: self.world.clients)
    @rule(data=st.data())
    def leave(self, data: Any) -> None:
        client = self.pick(data)
        self.world.out_of_line(client)
        client.assigned = None
        self.world.tell(Left(client.number))

    @precondition(lambda self: self.tokens and self.world.clients)
    @rule(data=st.data())
    def resume(self, data: Any) -> None:
        self.world.ask(self.pick(data), resume_token=data.draw(st.sampled_from(self.tokens)))

    @precondition(lambda self: self.world.requests)
    @rule(data=st.data(), code=st.none() | CODES)
    def serve(self, data: Any, code: Any) -> None:
        self.world.serve(data.draw(st.integers(0, len(self.world.requests) - 1)), code=code)

    @precondition(lambda self: self.world.stream)
    @rule()
    def hear(self) -> None:
        self.world.hear()

    @precondition(lambda self: self.world.answers)
    @rule(data=st.data())
    def answer(self, data: Any) -> None:
        self.world.answer(data.draw(st.integers(0, len(self.world.answers) - 1)))

    @precondition(lambda self: self.world.session)
    @rule(reason=st.sampled_from(["model_finished", "model_crashed", "livekit_lost"]))
    def model_ends(self, reason: str) -> None:
        self.world.end(reason)

    @precondition(lambda self: self.world.session)
    @rule(lost=st.booleans())
    def media(self, lost: bool) -> None:
        kind = wire.ClientLost if lost else wire.ClientJoined
        self.world.stream.append(kind(session_id=self.world.session or ""))

    @precondition(lambda self: self.world.state == "stopping")
    @rule()
    def recover(self) -> None:
        self.world.recover()

    @precondition(lambda self: self.world.state == "ready")
    @rule(fails=st.booleans())
    def reload(self, fails: bool) -> None:
        error = wire.LoadError(message="no")
        self.world.state = "failed" if fails else "loading"
        self.world.stream.append(wire.Failed(error=error) if fails else wire.Loading(stage="init", progress=0.5))

    @precondition(lambda self: self.world.prepared)
    @rule()
    def lose_prepared(self) -> None:
        self.world.release(min(self.world.prepared), lost=True)

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @rule()
    def restart_livekit(self) -> None:
        self.world.restart_livekit()

    @rule()
    def gone_and_back(self) -> None:
        self.world.tell(RuntimeGone("no answer"))
        self.world.reconnect()

    @rule()
    def stream_breaks(self) -> None:
        self.world.tell(RuntimeDoubted())
        self.world.reconnect()

    @rule(seconds=st.sampled_from([0.01, 0.3, 2.5, 5.0, 70.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.now += seconds
        self.world.tell(Tick())

    @rule()
    def calm(self) -> None:
        self.world.settle()

    @invariant()
    def everyone_waiting_knows_its_place(self) -> None:
        queued = [session.client for session in self.world.broker.line]
        for position, number in enumerate(queued, start=1):
            assert number is not None
            place = self.world.clients[number].place
            quiet = position == 1 and isfinite(self.world.broker._quiet_until_s)
            assert place == position or (place is None and quiet)

    @invariant()
    def the_queue_keeps_the_order_of_asking(self) -> None:
        current = self.world.broker.current
        granting = [current.client] if current is not None and current.state.value == "granting" else []
        queued = [*granting, *(session.client for session in self.world.broker.line)]
        assert queued == self.world.line

    @invariant()
    def the_owner_is_who_was_told(self) -> None:
        current = self.world.broker.current
        active = current if current is not None and current.state.value == "active" else None
        told = [client.number for client in self.world.clients.values() if client.assigned is not None]
        assert told == ([] if active is None or active.client is None else [active.client])

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        world.settle()
        world.sleep(RETRY_MOST_S + 0.1)
        world.settle()
        if world.line:
            current = world.broker.current
            assert current is not None, "somebody waits for a free model"
        for client in list(world.clients.values()):
            world.close(client, clean=True)
        world.sleep(200.0)
        world.settle()
        world.look()
        world.settle()
        if world.broker.current is None:
            standby = world.broker.keeper.standby
            expected = set() if standby is None else {standby.session_id}
            assert world.session is None, "a session that nobody has"
            assert world.prepared == expected
            assert world.rooms == expected
            assert not world.broker.leaving


TestBroker = BrokerMachine.TestCase
TestBroker.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
