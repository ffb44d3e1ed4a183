"""One client's session: its states, what moves it between them, who owns it and until when.

    queued --GRANT--> granting --STARTED--> active --END--> ending --RELEASED--> ended
       |                 |  ^                                 ^
       | LEAVE           |  +-- (granting --REFUSED--> queued)|
       +--> ended        +----------- LEAVE ------------------+

`TRANSITIONS` is the whole machine; anything that isn't in it is a mistake of ours and raises.
"""

from dataclasses import dataclass, field
from enum import Enum

from reactor_protocol.frontend import EndReason, WaitingInfoData


class State(Enum):
    """Where a session stands, and who can move it on.

    | state    | owner                          | deadline                             | at the deadline            |
    |----------|--------------------------------|--------------------------------------|----------------------------|
    | queued   | its client's socket            | none: the socket is pinged           | the socket's loss drops it |
    | granting | the call to the runtime        | that call's own, then `GRANT_LIMIT_S`| refused, queued again      |
    | active   | its client's socket            | maximum duration; the orphan grace   | ended                      |
    | ending   | the runtime, leaving the room  | `RELEASE_LIMIT_S`                    | its room is deleted anyway |
    | ended    | nobody                         |                                      |                            |
    """

    QUEUED = "queued"
    GRANTING = "granting"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"


class Trigger(Enum):
    """What moves a session on."""

    GRANT = "grant"
    """It is the next one, and the runtime and a room are ready."""
    STARTED = "started"
    """The runtime has started it."""
    REFUSED = "refused"
    """The runtime couldn't start it: its place in the queue is kept."""
    LEAVE = "leave"
    """Its client left before it was active."""
    GIVE_UP = "give up"
    """It couldn't be started after several attempts."""
    END = "end"
    """Client, model, a timeout or a shutdown ended it."""
    RELEASED = "released"
    """The runtime has left its room (or had long enough to)."""


TRANSITIONS: dict[tuple[State, Trigger], State] = {
    (State.QUEUED, Trigger.GRANT): State.GRANTING,
    (State.QUEUED, Trigger.LEAVE): State.ENDED,
    (State.GRANTING, Trigger.STARTED): State.ACTIVE,
    (State.GRANTING, Trigger.REFUSED): State.QUEUED,
    (State.GRANTING, Trigger.LEAVE): State.ENDING,
    (State.GRANTING, Trigger.GIVE_UP): State.ENDING,
    (State.ACTIVE, Trigger.END): State.ENDING,
    (State.ENDING, Trigger.RELEASED): State.ENDED,
}

GRANT_LIMIT_S = 25.0
"""Longer than the call's own deadline (runtime_client.START_TIMEOUT_S): only a lost answer gets here."""

RELEASE_LIMIT_S = 15.0
"""A runtime that leaves a room does it in well under a second; a killed or wedged one never."""


class TransitionError(AssertionError):
    """A trigger that doesn't belong to the state: a mistake in the broker."""


@dataclass(slots=True)
class Session:
    """A client's session from its asking to its end."""

    client: int | None
    """The socket that owns it; None: its connection was lost and may come back."""
    resume_token: str
    codecs: tuple[str, ...] = ()
    takes_prepared: bool = False
    """The client understands `room-prepared`."""
    state: State = State.QUEUED
    session_id: str = ""
    """The room's, from GRANT on."""
    identity: str = ""
    """The client's in the room."""
    granted_s: float = 0.0
    ends_s: float | None = None
    """When the maximum duration is over."""
    lost_s: float | None = None
    """When its socket broke without a close frame."""
    media_lost_s: float | None = None
    """When LiveKit lost the client."""
    limit_s: float | None = None
    """The deadline of `granting` and `ending`."""
    attempts: int = 0
    doubtful: bool = False
    """A snapshot that came before that answer didn't know the session: not yet, or not any more."""
    early_end: tuple[EndReason, str] | None = None
    """The runtime announced the end before its answer to the start arrived."""
    told: WaitingInfoData | None = field(default=None, repr=False)

    def advance(self, trigger: Trigger) -> None:
        """Move to the state that the table gives.

        Raises:
            TransitionError: the table has no such transition.
        """
        try:
            self.state = TRANSITIONS[self.state, trigger]
        except KeyError:
            raise TransitionError(f"{trigger.value!r} can't happen to a session that is {self.state.value}") from None
