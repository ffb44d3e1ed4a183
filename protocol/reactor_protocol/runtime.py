"""Coordinator <-> runtime server: REST bodies and server-sent events on 8081."""

from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from reactor_protocol.application import SessionState
from reactor_protocol.base import MessageError, WireModel
from reactor_protocol.errors import explain
from reactor_protocol.frontend import EndReason

RuntimeState = Literal["loading", "ready", "starting", "active", "stopping", "failed"]
LoadStage = Literal["weights", "import", "init"]
RuntimeEndReason = EndReason | Literal["stopped"]
"""Why a session ended, as the runtime tells it; `stopped`: the coordinator asked for it."""

ProblemCode = Literal["BUSY", "LOADING", "FAILED", "NOT_FOUND", "BAD_REQUEST", "UNAUTHORIZED", "TRANSPORT", "INTERNAL"]


class LiveKitTransport(WireModel):
    """How the runtime enters a session's room."""

    kind: Literal["livekit"] = "livekit"
    ws_url: str
    jwt_token: str = Field(repr=False)


class _Request(WireModel):
    model_config = ConfigDict(extra="forbid")


class PrepareRequest(_Request):
    """`POST /prepare`: enter a room before its session starts."""

    session_id: str = Field(min_length=1, max_length=128)
    transport: LiveKitTransport
    client_identity: str | None = None
    publish: bool = False
    """Publish the track too and feed it with a flat picture."""
    video_codecs: list[str] = []


class StartSessionRequest(_Request):
    """`POST /start_session`; the older flat `ws_url` and `jwt_token` are accepted."""

    session_id: str = Field(min_length=1, max_length=128)
    transport: LiveKitTransport
    client_identity: str | None = None
    """Only this participant's messages and tracks count; None: the first one that comes."""
    join_timeout_s: float = Field(default=30.0, gt=0)
    idle_timeout_s: float | None = Field(default=None, gt=0)
    """End the session after that long without a message from the client."""
    video_codecs: list[str] = []
    metadata: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _older_flat_form(cls, value: Any) -> Any:
        if isinstance(value, dict) and "transport" not in value and {"ws_url", "jwt_token"} <= value.keys():
            value = dict(value)
            value["transport"] = {"ws_url": value.pop("ws_url"), "jwt_token": value.pop("jwt_token")}
        return value


class StartSessionResponse(WireModel):
    """The track is published."""

    session_id: str
    width: int
    """Of the published track, in pixels."""
    height: int
    video_codec: str


class StopSessionRequest(_Request):
    """`POST /stop_session`: end that session, and no other."""

    session_id: str = Field(min_length=1, max_length=128)
    reason: RuntimeEndReason = "stopped"


class StopSessionResponse(WireModel):
    """What the id stands for."""

    session_id: str
    state: Literal["stopping", "ended", "released"]
    """`released`: the id was only prepared, and its connection is closed now."""


class LoadError(WireModel):
    """Why the model didn't load, in words a user can act on."""

    message: str
    file: str | None = None
    line: int | None = None


class SessionInfo(WireModel):
    """`GET /session`: the current session."""

    session_id: str
    state: SessionState
    age_s: float
    frames: int
    """Model frames sent."""
    fps: float
    dropped: int
    latency_ms: float | None = None
    """Median time from the model's emit to the encoder, over the last second."""


class FileDownload(WireModel):
    """A file that is being fetched."""

    path: str
    """In its folder."""
    size_bytes: int
    done_bytes: int


class Download(WireModel):
    """How far weights have come: those folders that weren't on this machine yet."""

    folder: str
    """The one that is being fetched."""
    files: int
    """Of that folder."""
    files_done: int
    current: list[FileDownload] = []
    """Those of its files that are under way."""
    waiting_for_pid: int | None = None
    """Another process is fetching that folder; this is how far it has come."""
    folders: int
    folders_done: int
    total_bytes: int
    """Of all folders."""
    done_bytes: int
    speed_bytes_s: float
    eta_s: float | None = None
    """Seconds that are left; None while nobody knows."""


class Readiness(WireModel):
    """`GET /ready`, and the part of a snapshot that says what the runtime is doing."""

    state: RuntimeState
    stage: LoadStage | None = None
    progress: float | None = Field(default=None, ge=0, le=1)
    """Of that stage."""
    download: Download | None = None
    """In the stage `weights`."""
    error: LoadError | None = None


class ProblemDetails(WireModel):
    """`application/problem+json` (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: ProblemCode


class _Event(WireModel):
    seq: int = 0
    """Counts the events of one `instance`."""
    instance: str = ""
    """New at each start of the runtime's process."""


class Snapshot(_Event):
    """First on every connection: all that later events change."""

    type: Literal["snapshot"] = "snapshot"
    readiness: Readiness
    session_id: str | None
    prepared: list[str]
    """Session ids whose rooms the runtime is connected to, the current one apart."""
    model_name: str
    model_version: str
    video_input: bool
    audio_input: bool


class Loading(_Event):
    """The model is loading, and this far."""

    type: Literal["loading"] = "loading"
    stage: LoadStage
    progress: float | None = None
    """Of that stage, 0..1."""
    download: Download | None = None
    """In the stage `weights`."""


class Ready(_Event):
    """A session can start. It says again what a snapshot from before the manifest was read couldn't know."""

    type: Literal["ready"] = "ready"
    model_name: str | None = None
    model_version: str | None = None
    video_input: bool | None = None
    audio_input: bool | None = None


class Failed(_Event):
    """The model didn't load; it is tried again when its folder changes or on `POST /reload`.

    Without either where time may mend it, as with a registry that can't be reached.
    """

    type: Literal["failed"] = "failed"
    error: LoadError


class SessionStarted(_Event):
    """The model's `start_session` was entered."""

    type: Literal["session_started"] = "session_started"
    session_id: str


class FirstFrame(_Event):
    """The model's first frame went to the encoder."""

    type: Literal["first_frame"] = "first_frame"
    session_id: str


class ClientJoined(_Event):
    """The client is in the room, and (as far as it takes tracks) subscribed."""

    type: Literal["client_joined"] = "client_joined"
    session_id: str


class ClientLost(_Event):
    """LiveKit says that the client's connection broke; the session goes on."""

    type: Literal["client_lost"] = "client_lost"
    session_id: str


class MediaStalled(_Event):
    """The session's media doesn't reach LiveKit any more. `POST /prepare` with its id and a new token mends it.

    Repeated while it lasts and nothing is being done about it.
    """

    type: Literal["media_stalled"] = "media_stalled"
    session_id: str


class RuntimeSessionEnded(_Event):
    """The session's end is decided; clean-up may still be under way (`ready` says when it is over)."""

    type: Literal["session_ended"] = "session_ended"
    session_id: str
    reason: RuntimeEndReason
    message: str


class RoomReleased(_Event):
    """The runtime has left that room: nothing of ours needs it any more."""

    type: Literal["room_released"] = "room_released"
    session_id: str
    lost: bool = False
    """A prepared connection broke: it has to be made again."""


class WorkerCrashed(_Event):
    """The model's process ended by itself."""

    type: Literal["worker_crashed"] = "worker_crashed"
    message: str
    session_id: str | None = None


class Heartbeat(_Event):
    """Every 2 s, so that a dead connection is noticed."""

    type: Literal["heartbeat"] = "heartbeat"


RuntimeEvent = (
    Snapshot
    | Loading
    | Ready
    | Failed
    | SessionStarted
    | FirstFrame
    | ClientJoined
    | ClientLost
    | MediaStalled
    | RuntimeSessionEnded
    | RoomReleased
    | WorkerCrashed
    | Heartbeat
)

HEARTBEAT_S = 2.0
"""The longest silence on `/events`."""

_events: TypeAdapter[RuntimeEvent] = TypeAdapter(Annotated[RuntimeEvent, Field(discriminator="type")])
EVENT_TYPES: frozenset[str] = frozenset(model.model_fields["type"].default for model in get_args(RuntimeEvent))


def parse_runtime_event(text: str) -> RuntimeEvent:
    """Read the `data` of a server-sent event.

    Raises:
        MessageError: `text` isn't one of `RuntimeEvent`.
    """
    try:
        return _events.validate_json(text)
    except ValidationError as error:
        raise MessageError(explain(error)) from None
