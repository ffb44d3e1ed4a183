"""What the broker is told (events) and what it asks for (effects)."""

from dataclasses import dataclass

from reactor_coordinator.errors import RefusalCode
from reactor_protocol.frontend import Component, ServerMessage, SessionSetupData
from reactor_protocol.runtime import RuntimeEndReason, RuntimeEvent


@dataclass(frozen=True, slots=True)
class SocketOpened:
    """A client connected; `client` is never used again for another one."""

    client: int


@dataclass(frozen=True, slots=True)
class SocketClosed:
    """A client's connection ended: by a close frame (`clean`) or without one."""

    client: int
    clean: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """`sessionSetup`."""

    client: int
    setup: SessionSetupData


@dataclass(frozen=True, slots=True)
class Left:
    """`sessionEnd`."""

    client: int


@dataclass(frozen=True, slots=True)
class RoomMade:
    """The answer to `MakeRoom`: the runtime is connected to the room."""

    session_id: str


@dataclass(frozen=True, slots=True)
class RoomFailed:
    """The answer to `MakeRoom`: it didn't work."""

    session_id: str
    component: Component
    message: str


@dataclass(frozen=True, slots=True)
class RoomsLost:
    """LiveKit doesn't have these rooms any more: it was restarted, or is gone."""

    session_ids: frozenset[str]
    message: str


@dataclass(frozen=True, slots=True)
class Started:
    """The answer to `Start`: the track is published."""

    session_id: str


@dataclass(frozen=True, slots=True)
class StartRefused:
    """The answer to `Start`: it didn't work."""

    session_id: str
    code: RefusalCode
    message: str


@dataclass(frozen=True, slots=True)
class StopUnknown:
    """The answer to `Stop`: the runtime doesn't know that session, so it isn't in its room."""

    session_id: str


@dataclass(frozen=True, slots=True)
class RuntimeSaid:
    """An event of the runtime's stream that was asked for at `stream_opened_s`."""

    event: RuntimeEvent
    stream_opened_s: float


@dataclass(frozen=True, slots=True)
class RuntimeDoubted:
    """The runtime server's event stream broke or fell silent: it may be restarting. A snapshot ends the doubt."""


@dataclass(frozen=True, slots=True)
class RuntimeGone:
    """The runtime server hasn't answered for some time."""

    message: str


@dataclass(frozen=True, slots=True)
class RoomsSwept:
    """The rooms of an earlier coordinator are deleted: LiveKit is there."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A deadline may have passed."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """This process ends."""


Event = (
    SocketOpened
    | SocketClosed
    | Asked
    | Left
    | RoomMade
    | RoomFailed
    | RoomsLost
    | Started
    | StartRefused
    | StopUnknown
    | RuntimeSaid
    | RuntimeDoubted
    | RuntimeGone
    | RoomsSwept
    | Tick
    | ShutDown
)


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message to a client."""

    client: int
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Assign:
    """Tell a client that the session is its own, with a token; also after a resume."""

    client: int
    session_id: str
    identity: str
    resume_token: str
    ends_s: float | None
    """On the broker's clock."""


@dataclass(frozen=True, slots=True)
class ShowRoom:
    """Tell a client that is next which room it may join already."""

    client: int
    session_id: str
    identity: str


@dataclass(frozen=True, slots=True)
class MakeRoom:
    """Create the room (unless `again`) and let the runtime enter it; answered by RoomMade or RoomFailed."""

    session_id: str
    identity: str
    publish: bool
    codecs: tuple[str, ...]
    again: bool
    """The room exists: only what the runtime does there changes."""


@dataclass(frozen=True, slots=True)
class Rejoin:
    """Let the runtime enter the running session's room once more; not answered, the runtime asks again if need be."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Start:
    """Start the session on the runtime; answered by Started or StartRefused."""

    session_id: str
    identity: str
    codecs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Let the runtime end or release that session; the runtime's events tell what came of it."""

    session_id: str
    reason: RuntimeEndReason


@dataclass(frozen=True, slots=True)
class DropRoom:
    """Delete the room."""

    session_id: str


@dataclass(frozen=True, slots=True)
class AskSnapshot:
    """Open the runtime's event stream anew: its first event says how things stand."""


Effect = Tell | Assign | ShowRoom | MakeRoom | Rejoin | Start | Stop | DropRoom | AskSnapshot
