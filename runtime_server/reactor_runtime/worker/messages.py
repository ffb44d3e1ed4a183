"""The control channel's messages, runtime server <-> model worker.

Each docstring says who sends it and when. Times named `_at_s` are `time.monotonic()`, one clock for all processes
of a machine. JSON payloads travel as bytes: the border that reads them checks them.
"""

from typing import Literal

import msgspec

Outcome = Literal["finished", "error", "stopped"]


class Message(msgspec.Struct, frozen=True, tag=True):
    """One message of the control channel."""


# --- runtime server -> worker -----------------------------------------------------------------------------------


class StartSession(Message, frozen=True):
    """To a loaded worker without a session: enter the model's `start_session`."""

    session_id: str
    width: int
    """Of a black frame before the first real one, in pixels."""
    height: int


class StopSession(Message, frozen=True):
    """To end the session that runs: deliver nothing more, interrupt the model after its grace."""

    session_id: str
    grace_s: float
    """For a model that polls; one that doesn't is interrupted at its next call to the context."""


class RunCommand(Message, frozen=True):
    """For every command of the session's client, in the order sent."""

    session_id: str
    name: str
    data: bytes
    """A JSON object."""


class FrameDone(Message, frozen=True):
    """When a frame was played or dropped: its slot is free again."""

    session_id: str
    generation: int
    slot: int
    ahead: int
    """Single frames that the model may be ahead of what is shown; 0: `emit_frame` returns when its frame is shown."""
    begin_at_s: float = 0.0
    """And not before this moment, `time.monotonic()`."""


class MessageDone(Message, frozen=True):
    """When a `ModelMessage` was sent or dropped: room for another."""

    session_id: str
    size_bytes: int


class InputRing(Message, frozen=True):
    """Before the first camera frame of a (new) size; carries the ring's file descriptor."""

    generation: int
    slots: int
    slot_bytes: int


class InputFrame(Message, frozen=True):
    """A camera frame is in that slot; the worker answers with `InputFrameDone`."""

    session_id: str
    generation: int
    slot: int
    width: int
    height: int
    rotation: Literal[0, 90, 180, 270]
    """Clockwise, in degrees, that the picture must be turned to stand upright."""


class Shutdown(Message, frozen=True):
    """To a worker without a session: end the process."""


class Ping(Message, frozen=True):
    """Now and then; a missing `Pong` is reported, never a reason to kill."""

    number: int


# --- worker -> runtime server -----------------------------------------------------------------------------------


class LoadProgress(Message, frozen=True):
    """When a stage of loading begins or moves on."""

    stage: Literal["weights", "import", "init"]
    progress: float | None = None
    """Of that stage, 0..1."""
    download: bytes = b""
    """JSON of `reactor_protocol.runtime.Download`, in the stage `weights`."""


class Loaded(Message, frozen=True):
    """Once, when the model's `__init__` has returned."""

    capabilities: bytes
    """JSON of `reactor_protocol.capabilities.Capabilities`."""
    takes_camera: bool
    """The model's class has its own `on_frame`."""


class LoadFailed(Message, frozen=True):
    """Instead of `Loaded`; the process ends after it."""

    message: str
    file: str | None
    line: int | None
    traceback: str
    passing: bool = False
    """Time may mend it: the weights couldn't be fetched."""


class SessionEntered(Message, frozen=True):
    """When `start_session` is called."""

    session_id: str


class SessionOver(Message, frozen=True):
    """When `start_session` has returned or raised and running callbacks have ended."""

    session_id: str
    outcome: Outcome
    message: str = ""
    """Without traceback; for the client."""
    traceback: str = ""


class SessionReturned(Message, frozen=True):
    """When `start_session` has returned or raised but callbacks still run; `SessionOver` follows when they end."""

    session_id: str
    outcome: Outcome
    message: str = ""
    traceback: str = ""


class OutputRing(Message, frozen=True):
    """Before the first frame that needs a (larger) ring; carries the ring's file descriptor."""

    generation: int
    slots: int
    slot_bytes: int


class Frame(Message, frozen=True):
    """A model frame is in that slot: RGB24, `width * height * 3` bytes."""

    session_id: str
    track: str
    generation: int
    slot: int
    number: int
    """Counts the session's frames from 0."""
    width: int
    height: int
    emitted_at_s: float
    work_s: float
    """The model's own working time for this emit: from the last emit's return to this one's call."""
    block_index: int = 0
    block_size: int = 1


class ModelMessage(Message, frozen=True):
    """For every `get_ctx().send(data)`, in order."""

    session_id: str
    data: bytes
    """JSON."""


class CommandFailed(Message, frozen=True):
    """When a command was refused or its handler raised."""

    session_id: str
    error: bytes
    """JSON of `reactor_protocol.application.CommandErrorData`."""
    traceback: str = ""


class CallbackFailed(Message, frozen=True):
    """When `on_frame` raised; input goes on."""

    session_id: str
    message: str
    traceback: str


class InputFrameDone(Message, frozen=True):
    """The slot of an `InputFrame` may be written again."""

    generation: int
    slot: int


class LogRecord(Message, frozen=True):
    """For every record of the model's `logging`."""

    session_id: str | None
    level: str
    logger: str
    message: str
    traceback: str = ""


class Pong(Message, frozen=True):
    """The answer to `Ping`."""

    number: int


ToWorker = StartSession | StopSession | RunCommand | FrameDone | MessageDone | InputRing | InputFrame | Shutdown | Ping
FromWorker = (
    LoadProgress
    | Loaded
    | LoadFailed
    | SessionEntered
    | SessionReturned
    | SessionOver
    | OutputRing
    | Frame
    | ModelMessage
    | CommandFailed
    | CallbackFailed
    | InputFrameDone
    | LogRecord
    | Pong
)
