"""What is going on at the moment, and how sessions and rooms come to their end."""

from collections.abc import Callable
from math import inf

from reactor_coordinator import notices
from reactor_coordinator.events import (
    Assign,
    DropRoom,
    Effect,
    Stop,
    Tell,
)
from reactor_coordinator.line import WaitingLine
from reactor_coordinator.policy import Policy
from reactor_coordinator.runtime_view import RuntimeView
from reactor_coordinator.session import RELEASE_LIMIT_S, Session, Trigger
from reactor_coordinator.standby import StandbyKeeper
from reactor_protocol.frontend import EndReason, ErrorMessage
from reactor_protocol.runtime import RuntimeEndReason


class Ledger:
    """The queue, the one running session, the rooms being left, and the standby room."""

    def __init__(self, policy: Policy, new_id: Callable[[], str]) -> None:
        self._policy = policy
        self._new_id = new_id
        self._out: list[Effect] = []
        self._clients: dict[int, Session | None] = {}
        self._likely_until_s = -inf
        self._swept = False
        self.shutting_down = False
        self.line = WaitingLine(policy.max_queue)
        self.current: Session | None = None
        """The one that is granting or active."""
        self.leaving: dict[str, tuple[float, Session | None]] = {}
        """Rooms that the runtime is still to leave: until when, and whose session it was."""
        self.keeper = StandbyKeeper(new_id)
        self.runtime = RuntimeView()

    def _assign(self, session: Session, client: int) -> None:
        self._out.append(Assign(client, session.session_id, session.identity, session.resume_token, session.ends_s))

    def _end(self, session: Session, cause: tuple[EndReason, str] | None, now: float, *, stop: bool = True) -> None:
        """End the active session; `cause` None: its client left."""
        session.advance(Trigger.END)
        if cause is not None and session.client is not None:
            self._out.append(Tell(session.client, notices.session_ended(session.session_id, *cause)))
        self._forget_client(session)
        self._put_away(session, now)
        if stop:
            self._stop(session.session_id, "stopped" if cause is None else cause[0], now)

    def _put_away(self, session: Session, now: float) -> None:
        """It is `ending`: the next one's turn comes as soon as the runtime says `ready`."""
        self.current = None
        if self.runtime.state != "unreachable":
            self.runtime.state = "stopping"
        self.leaving[session.session_id] = (now + RELEASE_LIMIT_S, session)
        self._make_likely(now)
        self.keeper.not_before_s = now

    def _forget_client(self, session: Session) -> None:
        if session.client is not None and self._clients.get(session.client) is session:
            self._clients[session.client] = None
        session.client = None

    def _stop(self, session_id: str, reason: RuntimeEndReason, now: float) -> None:
        self._do([Stop(session_id, reason)], now)

    def _do(self, effects: list[Effect], now: float) -> None:
        """Ask for them; a room that is to be left is watched until it is."""
        for effect in effects:
            if isinstance(effect, Stop) and effect.session_id not in self.leaving:
                self.leaving[effect.session_id] = (now + RELEASE_LIMIT_S, None)
            self._out.append(effect)

    def _released(self, session_id: str) -> None:
        """The runtime isn't in that room (any more): nobody needs it."""
        _, session = self.leaving.pop(session_id, (0.0, None))
        if session is not None:
            session.advance(Trigger.RELEASED)
        self.keeper.lost(session_id)
        self._out.append(DropRoom(session_id))

    def _make_likely(self, now: float) -> None:
        self._likely_until_s = now + self._policy.standby_keep_s

    def _tell_all(self, message: ErrorMessage) -> None:
        self._out.extend(Tell(session.client, message) for session in self.line if session.client is not None)
