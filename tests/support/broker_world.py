"""A runtime, LiveKit and clients around a broker, in virtual time: every message can be early, late or in between."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from reactor_coordinator.broker import Broker
from reactor_coordinator.errors import RefusalCode
from reactor_coordinator.events import (
    Asked,
    AskSnapshot,
    Assign,
    DropRoom,
    Effect,
    Event,
    MakeRoom,
    Rejoin,
    RoomFailed,
    RoomMade,
    RoomsLost,
    RoomsSwept,
    RuntimeSaid,
    ShowRoom,
    SocketClosed,
    SocketOpened,
    Start,
    Started,
    StartRefused,
    Stop,
    StopUnknown,
    Tell,
    Tick,
)
from reactor_coordinator.policy import Policy
from reactor_protocol import runtime as wire
from reactor_protocol.frontend import ErrorMessage, ServerMessage, SessionEnded, SessionSetupData, WaitingInfo


@dataclass
class FakeClient:
    """What a client was told."""

    number: int
    messages: list[ServerMessage] = field(default_factory=list)
    assigned: Assign | None = None
    """Its session, until that ended."""
    grants: int = 0
    waiting: bool = False
    heard_before: int = 0
    """Messages that had come when it asked for its session."""

    @property
    def place(self) -> int | None:
        """The last position it was told since it asked."""
        since = self.messages[self.heard_before :]
        told = [message.data.position for message in since if isinstance(message, WaitingInfo)]
        return told[-1] if told else None

    def codes(self) -> list[str]:
        """The error codes it was told."""
        return [message.data.code for message in self.messages if isinstance(message, ErrorMessage)]


class World:
    """Carries effects out in the order that the test wants."""

    def __init__(self, policy: Policy | None = None) -> None:
        numbers = itertools.count(1)
        self.now = 1000.0
        self.broker = Broker(policy or Policy(), lambda: f"id{next(numbers)}")
        self.clients: dict[int, FakeClient] = {}
        self.line: list[int] = []
        """Clients that wait, in the order of asking."""
        self.rooms: set[str] = set()
        self.requests: list[MakeRoom | Start | Stop] = []
        self.answers: list[Event] = []
        self.stream: list[wire.RuntimeEvent] = []
        self.stream_opened_s = self.now
        self.instance = 1
        self.state: Any = "ready"
        self.session: str | None = None
        self.prepared: set[str] = set()
        self.known: set[str] = set()
        self.starts: list[str] = []
        self.shown: list[ShowRoom] = []
        self.rejoined: list[str] = []
        self._numbers = itertools.count(1)

    # The broker

    def tell(self, event: Event) -> None:
        """Hand the broker an event and do what it asks for."""
        for effect in self.broker.handle(event, self.now):
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Tell(number, message):
                self._told(self.clients[number], message)
            case Assign():
                self._assigned(effect)
            case ShowRoom():
                self.shown.append(effect)
            case MakeRoom() | Start() | Stop():
                self.requests.append(effect)
            case Rejoin(session_id):
                self.rejoined.append(session_id)
            case DropRoom(session_id):
                self.rooms.discard(session_id)
            case AskSnapshot():
                self.reconnect()

    def _told(self, client: FakeClient, message: ServerMessage) -> None:
        client.messages.append(message)
        if isinstance(message, SessionEnded):
            assert client.assigned is not None, "an end was told that nobody had begun"
            assert client.assigned.session_id == message.data.session_id
            client.assigned = None
        elif (
            message.type == "error"
            and message.data.code == "GPU_CONNECTION_FAILED"
            and "ask again" in message.data.message
        ):
            self.out_of_line(client)

    def _assigned(self, effect: Assign) -> None:
        client = self.clients[effect.client]
        if client.waiting:
            assert self.line[0] == client.number, "served out of turn"
            self.out_of_line(client)
            client.grants += 1
        for other in self.clients.values():
            if other.assigned is not None and other.assigned.session_id == effect.session_id:
                other.assigned = None
        client.assigned = effect
        owners = [other.number for other in self.clients.values() if other.assigned is not None]
        assert owners == [client.number], f"several owners: {owners}"

    def out_of_line(self, client: FakeClient) -> None:
        """It waits no more."""
        client.waiting = False
        if client.number in self.line:
            self.line.remove(client.number)

    # Clients

    def open(self) -> FakeClient:
        """Another client connects."""
        client = FakeClient(next(self._numbers))
        self.clients[client.number] = client
        self.tell(SocketOpened(client.number))
        return client

    def ask(self, client: FakeClient, **setup: Any) -> None:
        """It wants a session."""
        before = len(client.codes())
        if not client.waiting and client.assigned is None and "resume_token" not in setup:
            client.waiting = True
            client.heard_before = len(client.messages)
            self.line.append(client.number)
            self.tell(Asked(client.number, SessionSetupData(model_name="m", **setup)))
            if {"NO_CAPACITY", "QUEUE_FULL", "UNKNOWN_MODEL"} & set(client.codes()[before:]):
                self.out_of_line(client)
        else:
            self.tell(Asked(client.number, SessionSetupData(model_name="m", **setup)))

    def close(self, client: FakeClient, *, clean: bool) -> None:
        """Its connection ends."""
        self.out_of_line(client)
        del self.clients[client.number]
        self.tell(SocketClosed(client.number, clean))

    # The runtime

    def serve(self, index: int = 0, *, code: RefusalCode | None = None) -> None:
        """The runtime takes one request and decides."""
        request = self.requests.pop(index)
        match request:
            case MakeRoom(session_id):
                self._make(session_id, code, again=request.again)
            case Start(session_id):
                self._start(session_id, code)
            case Stop(session_id):
                self._stop(session_id, request.reason)

    def _make(self, session_id: str, code: RefusalCode | None, *, again: bool) -> None:
        if not again:
            self.rooms.add(session_id)
        if code is not None or session_id in self.known:
            self.answers.append(RoomFailed(session_id, "gpu", "no"))
        else:
            self.prepared.add(session_id)
            self.answers.append(RoomMade(session_id))

    def _start(self, session_id: str, code: RefusalCode | None) -> None:
        if code is None and self.state != "ready":
            code = "LOADING" if self.state == "loading" else "FAILED" if self.state == "failed" else "BUSY"
        if code is None and session_id in self.known:
            code = "NOT_FOUND"
        if code is not None:
            self.answers.append(StartRefused(session_id, code, "no"))
            return
        assert self.session is None
        self.starts.append(session_id)
        self.session, self.state = session_id, "active"
        self.prepared.discard(session_id)
        self.answers.append(Started(session_id))

    def _stop(self, session_id: str, reason: Any) -> None:
        if session_id == self.session:
            self.end(reason)
        elif session_id in self.prepared:
            self.release(session_id)
        elif session_id not in self.known:
            self.answers.append(StopUnknown(session_id))

    def end(self, reason: Any = "model_finished") -> None:
        """The session there ends; `recover` makes it ready again."""
        assert self.session is not None
        session, self.session, self.state = self.session, None, "stopping"
        self.known.add(session)
        self.stream.append(wire.RuntimeSessionEnded(session_id=session, reason=reason, message="over"))
        self.stream.append(wire.RoomReleased(session_id=session))

    def release(self, session_id: str, *, lost: bool = False) -> None:
        """It leaves a room that was prepared."""
        self.prepared.discard(session_id)
        self.known.add(session_id)
        self.stream.append(wire.RoomReleased(session_id=session_id, lost=lost))

    def recover(self) -> None:
        """It is ready (again)."""
        self.state = "ready"
        self.stream.append(wire.Ready())

    def restart(self) -> None:
        """Another process takes its place."""
        self.instance += 1
        self.session, self.state = None, "ready"
        self.prepared, self.known = set(), set()
        for request in self.requests:
            if isinstance(request, Start):
                self.answers.append(StartRefused(request.session_id, "UNREACHABLE", "restarted"))
            elif isinstance(request, MakeRoom):
                self.answers.append(RoomFailed(request.session_id, "gpu", "restarted"))
        self.requests = []
        self.reconnect()

    def restart_livekit(self) -> None:
        """It forgets all rooms; the coordinator looks at them."""
        self.rooms = set()
        self.tell(RoomsLost(self.broker.rooms_in_use, "restarted"))

    def look(self) -> None:
        """What the coordinator does every second: it looks whether LiveKit has its rooms."""
        if missing := self.broker.rooms_in_use - self.rooms:
            self.tell(RoomsLost(missing, "missing"))

    def reconnect(self) -> None:
        """A new event stream: what the old one had not delivered is lost, a snapshot comes first."""
        self.now += 0.001
        self.stream_opened_s = self.now
        self.now += 0.001
        self.stream = [
            wire.Snapshot(
                instance=str(self.instance),
                readiness=wire.Readiness(state=self.state),
                session_id=self.session,
                prepared=sorted(self.prepared),
                model_name="m",
                model_version="1.0.0",
                video_input=False,
                audio_input=False,
            )
        ]

    # Deliveries

    def hear(self) -> None:
        """The next event of the stream arrives."""
        self.tell(RuntimeSaid(self.stream.pop(0), self.stream_opened_s))

    def answer(self, index: int = 0) -> None:
        """An answer of the runtime arrives."""
        self.tell(self.answers.pop(index))

    def sleep(self, seconds: float) -> None:
        """Time passes, with a tick at each deadline."""
        until = self.now + seconds
        for _ in range(1000):
            due = self.broker.deadline_s()
            if due > until:
                break
            self.now = max(self.now, due)
            self.tell(Tick())
            self.settle()
        else:
            raise AssertionError("a deadline that is never over")
        self.now = until
        self.tell(Tick())

    def settle(self) -> None:
        """Everything under way arrives, nothing goes wrong."""
        for _ in range(1000):
            if self.stream:
                self.hear()
            elif self.answers:
                self.answer()
            elif self.requests:
                self.serve()
            elif self.state in ("stopping", "loading", "failed"):
                self.recover()
            else:
                return
        raise AssertionError("it never comes to rest")

    def begin(self) -> "World":
        """Rooms swept, the runtime there and a room prepared."""
        self.tell(RoomsSwept())
        self.reconnect()
        self.settle()
        return self
