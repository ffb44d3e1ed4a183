"""Front end <-> coordinator: the JSON text messages of the WebSocket `/ws`."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from reactor_protocol.base import CamelModel, Envelope, MessageError, WireModel
from reactor_protocol.errors import explain

WaitingReason = Literal["busy", "loading", "stopping"]
Component = Literal["coordinator", "gpu", "livekit"]
VideoCodec = Literal["vp9", "h264", "vp8", "av1"]

EndReason = Literal[
    "model_finished",
    "model_error",
    "model_crashed",
    "model_stuck",
    "client_left_room",
    "join_timeout",
    "idle_timeout",
    "max_duration",
    "runtime_lost",
    "coordinator_lost",
    "livekit_lost",
    "shutting_down",
]
"""Why a granted session ended without its client having asked for it."""

ErrorCode = Literal[
    "BAD_MESSAGE",
    "UNKNOWN_MODEL",
    "MODEL_LOADING_FAILED",
    "NO_CAPACITY",
    "QUEUE_FULL",
    "ALREADY_IN_SESSION",
    "RESUME_FAILED",
    "AUTHENTICATION_FAILED",
    "ORIGIN_NOT_ALLOWED",
    "MESSAGE_TOO_LARGE",
    "RATE_LIMITED",
    "GPU_CONNECTION_FAILED",
    "INTERNAL",
]


class SessionSetupData(CamelModel):
    """What a client asks for."""

    model_name: str
    model_version: str = ""
    queueing: bool = True
    """False: answer `NO_CAPACITY` instead of waiting for another client to leave."""
    resume_token: str | None = None
    """From `gpu-machine-assigned`: come back to the session this client held."""
    video_codecs: list[str] = []
    """What the client can decode, most wanted first; names outside `VideoCodec` are passed over."""
    prepared: bool = False
    """The client understands `room-prepared`."""


class SessionSetup(Envelope):
    """Client -> coordinator: ask for a session."""

    type: Literal["sessionSetup"] = "sessionSetup"
    data: SessionSetupData


class Empty(CamelModel):
    """No fields."""


class SessionEnd(Envelope):
    """Client -> coordinator: leave now; the socket stays open."""

    type: Literal["sessionEnd"] = "sessionEnd"
    data: Empty = Empty()


class UnknownMessage(WireModel):
    """Client -> coordinator: any other type; answered by `echo`."""

    type: str
    message: dict[str, Any]
    """The whole message as it came."""


ClientMessage = SessionSetup | SessionEnd


class WelcomeData(CamelModel):
    """A greeting, with the coordinator's clock."""

    message: str
    timestamp: float
    """Epoch seconds."""


class Welcome(Envelope):
    """Coordinator -> client: right after the socket opened."""

    type: Literal["welcome"] = "welcome"
    data: WelcomeData


class GpuMachineAssignedData(CamelModel):
    """Where the session takes place."""

    livekit_ws_url: str
    livekit_jwt_token: str
    session_id: str
    resume_token: str
    model_name: str
    """The model that is really served."""
    model_version: str
    expires_at: float | None = None
    """Epoch seconds at which a maximum duration ends the session."""


class GpuMachineAssigned(Envelope):
    """Coordinator -> client: the session is granted."""

    type: Literal["gpu-machine-assigned"] = "gpu-machine-assigned"
    data: GpuMachineAssignedData


class EchoData(CamelModel):
    """What came, sent back."""

    echo: dict[str, Any]
    timestamp: float
    """Epoch seconds."""


class Echo(Envelope):
    """Coordinator -> client: the answer to a message of unknown type."""

    type: Literal["echo"] = "echo"
    data: EchoData


class WaitingInfoData(CamelModel):
    """A place in the queue."""

    position: int = Field(ge=1)
    """1 = next."""
    queue_length: int = Field(ge=1)
    reason: WaitingReason
    progress: float | None = Field(default=None, ge=0, le=1)
    """How far the model has loaded, where that is known."""


class WaitingInfo(Envelope):
    """Coordinator -> client: while it waits, at every change."""

    type: Literal["waiting-info"] = "waiting-info"
    data: WaitingInfoData


class RoomPreparedData(CamelModel):
    """The room of a session that is about to be granted."""

    livekit_ws_url: str
    livekit_jwt_token: str
    session_id: str


class RoomPrepared(Envelope):
    """Coordinator -> client that said `prepared` and is next: it may join its room already.

    Its turn is announced by `gpu-machine-assigned` with the same values.
    """

    type: Literal["room-prepared"] = "room-prepared"
    data: RoomPreparedData


class SessionExpirationData(CamelModel):
    """When the session's maximum duration ends it."""

    expires_at: float
    """Epoch seconds."""
    seconds_left: float


class SessionExpiration(Envelope):
    """Coordinator -> client: at the grant and at each change, when a maximum duration is set."""

    type: Literal["session-expiration"] = "session-expiration"
    data: SessionExpirationData


class ErrorData(CamelModel):
    """What was refused or failed, and what the client can do."""

    code: ErrorCode
    message: str
    recoverable: bool
    component: Component
    retry_after: float | None = None
    """Seconds after which another attempt makes sense."""


class ErrorMessage(Envelope):
    """Coordinator -> client: anything refused or failed."""

    type: Literal["error"] = "error"
    data: ErrorData


class SessionEndedData(CamelModel):
    """The end of a granted session that its client didn't ask for."""

    session_id: str
    reason: EndReason
    message: str


class SessionEnded(Envelope):
    """Coordinator -> client: once per granted session, when the end is decided; the socket stays open."""

    type: Literal["session-ended"] = "session-ended"
    data: SessionEndedData


ServerMessage = (
    Welcome | GpuMachineAssigned | Echo | WaitingInfo | RoomPrepared | SessionExpiration | ErrorMessage | SessionEnded
)

_client_messages: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])
_server_messages: TypeAdapter[ServerMessage] = TypeAdapter(Annotated[ServerMessage, Field(discriminator="type")])
_CLIENT_TYPES = frozenset({"sessionSetup", "sessionEnd"})


def parse_client_message(text: str) -> ClientMessage | UnknownMessage:
    """Read a message from a client.

    Raises:
        MessageError: `text` isn't a JSON object with a string `type`, or its data is wrong for that type.
    """
    value = parse_object(text)
    kind = value.get("type")
    if not isinstance(kind, str):
        raise MessageError(f"expected a string under 'type', found {_shown(kind)}")
    if kind not in _CLIENT_TYPES:
        return UnknownMessage(type=kind, message=value)
    try:
        return _client_messages.validate_python(value)
    except ValidationError as error:
        raise MessageError(explain(error)) from None


def parse_server_message(text: str) -> ServerMessage:
    """Read a message from the coordinator.

    Raises:
        MessageError: `text` isn't one of `ServerMessage`.
    """
    try:
        return _server_messages.validate_json(text)
    except ValidationError as error:
        raise MessageError(explain(error)) from None


def parse_object(text: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        MessageError: `text` isn't JSON, or not an object.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"expected a JSON object, found text that isn't JSON ({error})") from None
    if not isinstance(value, dict):
        raise MessageError(f'expected a JSON object {{"type": …, "data": …}}, found {_shown(value)}')
    return value


def to_json(message: WireModel) -> str:
    """Write a message as it goes over the wire."""
    return message.model_dump_json(by_alias=True)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _shown(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "nothing"}
    return names.get(type(value), "a number")
