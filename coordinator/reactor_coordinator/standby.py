"""The next session's room: made ahead, so that a grant needs no more than one call to the runtime."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from reactor_coordinator.events import AskSnapshot, Effect, MakeRoom, Stop

MAX_AGE_S = 6 * 3600.0
"""LiveKit deletes an empty room after 24 h, and long-lived connections gather trouble: remade well before."""

AFTER_FIRST_FRAME_S = 0.25
"""Connecting costs both servers CPU: it waits until the current session's first picture is through."""

AFTER_GRANT_S = 2.0
"""... or until that picture is unusually late."""

RETRY_FIRST_S = 0.25
RETRY_MOST_S = 2.0
"""A room that couldn't be made is tried again; LiveKit's own restart takes about a second."""


@dataclass(slots=True)
class Standby:
    """A room without a session yet."""

    session_id: str
    identity: str
    made_s: float
    publish: bool
    """The track is up (or will be, while `pending`) and fed with a flat picture."""
    codecs: tuple[str, ...]
    pending: bool = True
    """The runtime's answer is still to come."""
    ready_s: float = inf
    """When the runtime's answer came."""
    doubtful: bool = False
    """A snapshot that came before that answer didn't know the room: not yet, or not any more."""
    shown_to: str | None = None
    """The resume token of the waiting session whose client was told of this room: nobody else may have it."""

    @property
    def ready(self) -> bool:
        """The runtime is in the room."""
        return not self.pending


@dataclass(frozen=True, slots=True)
class Wish:
    """What the standby room should be like now."""

    publish: bool
    codecs: tuple[str, ...] | None
    """None: any will do."""

    def is_more_than(self, standby: Standby) -> bool:
        """The same room will do, after one more call."""
        if not self.publish:
            return False
        return not standby.publish or (self.codecs is not None and self.codecs != standby.codecs)


def retry_delay_s(failures: int) -> float:
    """How long to wait after that many failures in a row."""
    return min(RETRY_FIRST_S * 2.0 ** min(failures - 1, 8), RETRY_MOST_S)


class StandbyKeeper:
    """Keeps one standby room as it is wished for; every method returns what is to be done."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._failures = 0
        self._condemned: set[str] = set()
        self.standby: Standby | None = None
        self.not_before_s: float = -inf
        """When the next one may be made."""

    @property
    def failing(self) -> bool:
        """The last attempt failed."""
        return self._failures > 0

    def knows(self, session_id: str) -> bool:
        """That room is the standby, or was and is being left."""
        return session_id in self._condemned or (self.standby is not None and self.standby.session_id == session_id)

    def plan(self, wish: Wish, now: float) -> list[Effect]:
        """Make the room, add to it, or replace it."""
        current = self.standby
        if current is None:
            if now < self.not_before_s:
                return []
            self.standby = Standby(self._new_id(), self._new_id(), now, wish.publish, wish.codecs or ())
            return [self._make(self.standby, again=False)]
        if current.pending:
            return []
        if now >= current.made_s + MAX_AGE_S or (current.publish and not wish.publish):
            return [*self.discard(), *self.plan(wish, now)]
        if wish.is_more_than(current):
            current.publish, current.pending = True, True
            current.codecs = current.codecs if wish.codecs is None else wish.codecs
            return [self._make(current, again=True)]
        return []

    def take(self) -> Standby:
        """Use it up for a session."""
        taken = self.standby
        if taken is None or taken.pending:
            raise AssertionError("no room is ready")
        self.standby = None
        return taken

    def discard(self) -> list[Effect]:
        """Give it up: the runtime leaves it, then it is deleted."""
        gone, self.standby = self.standby, None
        if gone is None:
            return []
        if gone.pending:
            # A stop that overtook the call that makes it would find nothing to stop.
            self._condemned.add(gone.session_id)
            return []
        return [Stop(gone.session_id, "stopped")]

    def made(self, session_id: str, now: float) -> list[Effect]:
        """The runtime is in that room."""
        if session_id in self._condemned:
            self._condemned.discard(session_id)
            return [Stop(session_id, "stopped")]
        if self.standby is not None and self.standby.session_id == session_id:
            doubtful = self.standby.doubtful
            self.standby.pending, self.standby.ready_s, self.standby.doubtful = False, now, False
            self._failures = 0
            return [AskSnapshot()] if doubtful else []
        return []

    def failed(self, session_id: str, now: float) -> list[Effect]:
        """That room couldn't be made: another one is, later."""
        self._condemned.discard(session_id)
        if self.standby is not None and self.standby.session_id == session_id:
            self.standby = None
            self._failures += 1
            self.not_before_s = now + retry_delay_s(self._failures)
        return [Stop(session_id, "stopped")]

    def forgive(self) -> None:
        """Who couldn't make a room is another one now: try at once."""
        self._failures, self.not_before_s = 0, -inf

    def lost(self, session_id: str) -> None:
        """The runtime isn't in that room any more."""
        if self.standby is not None and self.standby.session_id == session_id:
            # Its loss may overtake the answer that it was made.
            self.discard()

    def deadline_s(self, *, publish_until_s: float) -> float:
        """When `plan` has something to do."""
        if self.standby is None:
            return self.not_before_s
        if self.standby.pending:
            return inf
        ages = self.standby.made_s + MAX_AGE_S
        return min(ages, publish_until_s) if self.standby.publish else ages

    @staticmethod
    def _make(standby: Standby, *, again: bool) -> MakeRoom:
        return MakeRoom(standby.session_id, standby.identity, standby.publish, standby.codecs, again)
