"""What a client tells besides pictures and the model's messages."""

from dataclasses import dataclass
from typing import Literal

from reactor_protocol.application import CommandErrorData, StateChangedData, StatsData
from reactor_protocol.frontend import ErrorData, SessionEndedData, SessionExpirationData, WaitingInfoData

Status = Literal["disconnected", "connecting", "waiting", "ready"]


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The client's status, or its place in the queue, is another one."""

    status: Status
    waiting: WaitingInfoData | None = None
    """While `waiting`: the place in the queue and the reason."""


Event = (
    StatusChanged
    | CommandErrorData
    | StateChangedData
    | StatsData
    | ErrorData
    | SessionExpirationData
    | SessionEndedData
)
"""`CommandErrorData`, `StateChangedData`, `StatsData` come from the runtime, the others from the coordinator."""
