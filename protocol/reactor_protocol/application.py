"""Model <-> front end: JSON text streams on the LiveKit topic `application`."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from reactor_protocol.base import CamelModel, Envelope, MessageError
from reactor_protocol.errors import explain
from reactor_protocol.frontend import parse_object

TOPIC = "application"
"""The text-stream topic both sides use."""

OUTPUT_TRACK = "reactor-video"
"""The name of a `VideoModel`'s one output track."""

REQUEST_CAPABILITIES = "requestCapabilities"
"""The command that the runtime answers itself, with the model's capabilities."""

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""One message either way; base64 images are common."""

SessionState = Literal["starting", "active", "stopping"]

CommandErrorCode = Literal[
    "UNKNOWN_COMMAND",
    "INVALID_ARGUMENTS",
    "HANDLER_RAISED",
    "MESSAGE_TOO_LARGE",
    "TOO_MANY_COMMANDS",
    "BAD_MESSAGE",
]


@dataclass(frozen=True, slots=True)
class Command:
    """What a client wants the model to do."""

    name: str
    data: dict[str, Any]


class ApplicationMessage(Envelope):
    """Model -> client: the dict given to `get_ctx().send`."""

    type: Literal["application"] = "application"
    data: Any


class ArgumentError(CamelModel):
    """One wrong argument."""

    loc: list[str | int]
    msg: str
    type: str


class CommandErrorData(CamelModel):
    """A command that had no effect, or failed while it ran."""

    command: str
    code: CommandErrorCode
    message: str
    errors: list[ArgumentError] = []


class CommandError(Envelope):
    """Runtime -> client: a command that had no effect, or failed while it ran."""

    type: Literal["commandError"] = "commandError"
    data: CommandErrorData


class StateChangedData(CamelModel):
    """The session's state as the runtime sees it."""

    state: SessionState


class StateChanged(Envelope):
    """Runtime -> client: the session entered another state."""

    type: Literal["stateChanged"] = "stateChanged"
    data: StateChangedData


class StatsData(CamelModel):
    """What the runtime measured over the last second."""

    fps: float
    """Frames a second that the model produced."""
    sent_fps: float
    """Frames a second that were sent, repeats included."""
    dropped: int
    """Model frames discarded since the session began."""
    width: int
    height: int
    target_fps: float
    """The rate at which the pacer plays."""


class Stats(Envelope):
    """Runtime -> client: once a second."""

    type: Literal["stats"] = "stats"
    data: StatsData


RuntimeNotice = Annotated[CommandError | StateChanged | Stats, Field(discriminator="type")]


class RuntimeMessage(Envelope):
    """Runtime -> client: what the runtime itself says, apart from the model."""

    type: Literal["runtime"] = "runtime"
    data: RuntimeNotice


_to_client: TypeAdapter[ApplicationMessage | RuntimeMessage] = TypeAdapter(
    Annotated[ApplicationMessage | RuntimeMessage, Field(discriminator="type")]
)


def parse_command(text: str) -> Command:
    """Read a command, wrapped in an application envelope or not.

    Raises:
        MessageError: `text` is neither `{"type": "application", "data": {"type": …, "data": …}}`
            nor `{"type": …, "data": …}`.
    """
    value = parse_object(text)
    if value.get("type") == "application":
        inner = value.get("data")
        if not isinstance(inner, dict):
            raise MessageError("expected an object with a string 'type' under 'data' of an application message")
        value = inner
    name, data = value.get("type"), value.get("data")
    if not isinstance(name, str):
        raise MessageError("expected the command's name as a string under 'type'")
    if data is not None and not isinstance(data, dict):
        raise MessageError(f"{name}: expected the arguments as an object under 'data', found {type(data).__name__}")
    return Command(name, data or {})


def parse_message_to_client(text: str) -> ApplicationMessage | RuntimeMessage:
    """Read what a client received on the topic.

    Raises:
        MessageError: `text` is neither an application nor a runtime message.
    """
    try:
        return _to_client.validate_json(text)
    except ValidationError as error:
        raise MessageError(explain(error)) from None
