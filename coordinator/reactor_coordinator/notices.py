"""The messages to clients whose wording is ours."""

from reactor_protocol.frontend import (
    Component,
    EndReason,
    ErrorCode,
    ErrorData,
    ErrorMessage,
    SessionEnded,
    SessionEndedData,
    WaitingInfo,
    WaitingInfoData,
    WaitingReason,
)
from reactor_protocol.runtime import LoadError


def error(
    code: ErrorCode,
    message: str,
    *,
    recoverable: bool = True,
    component: Component = "coordinator",
    retry_after_s: float | None = None,
) -> ErrorMessage:
    """Anything refused or failed."""
    data = ErrorData(
        code=code, message=message, recoverable=recoverable, component=component, retry_after=retry_after_s
    )
    return ErrorMessage(data=data)


def already_in_session() -> ErrorMessage:
    """This socket waits or has a session."""
    return error("ALREADY_IN_SESSION", "this connection already waits for a session or has one; end it first")


def unknown_model(asked: str, served: str) -> ErrorMessage:
    """With --strict-model-name only."""
    return error("UNKNOWN_MODEL", f"no model named {asked!r:.100} here; served: {served!r}", recoverable=False)


def no_capacity() -> ErrorMessage:
    """`queueing` was false."""
    return error("NO_CAPACITY", "another client uses the model, and queueing was not wanted", retry_after_s=5.0)


def queue_full(length: int) -> ErrorMessage:
    """As many wait as may."""
    return error("QUEUE_FULL", f"{length} clients wait already", retry_after_s=30.0)


def resume_failed() -> ErrorMessage:
    """The token names no running session."""
    return error("RESUME_FAILED", "that session is over; ask for a new one without a resumeToken")


def shutting_down() -> ErrorMessage:
    """No session will follow."""
    return error("NO_CAPACITY", "the server is shutting down", retry_after_s=10.0)


def loading_failed(cause: LoadError | None) -> ErrorMessage:
    """The model can't be loaded at the moment."""
    # It begins with the file and the line, as the author calls them; full paths are nobody's business.
    why = "see the server's log" if cause is None else cause.message
    return error(
        "MODEL_LOADING_FAILED", f"the model didn't load: {why}; your place in the queue is kept", component="gpu"
    )


def gpu_failed(message: str, *, final: bool) -> ErrorMessage:
    """The runtime couldn't start the session; if not `final`, the place in the queue is kept."""
    after = "ask again" if final else "it is tried again"
    return error(
        "GPU_CONNECTION_FAILED",
        f"the session couldn't be started ({message}); {after}",
        recoverable=not final,
        component="gpu",
        retry_after_s=1.0 if final else None,
    )


def room_failed(component: Component, message: str, retry_after_s: float) -> ErrorMessage:
    """No room can be made at the moment."""
    return error(
        "GPU_CONNECTION_FAILED",
        f"no room can be prepared ({message}); it is tried again, your place in the queue is kept",
        component=component,
        retry_after_s=max(retry_after_s, 0.0),
    )


def session_ended(session_id: str, reason: EndReason, message: str) -> SessionEnded:
    """Once per granted session that its client didn't end."""
    return SessionEnded(data=SessionEndedData(session_id=session_id, reason=reason, message=message))


def waiting(position: int, length: int, reason: WaitingReason, progress: float | None) -> WaitingInfo:
    """A place in the queue."""
    return WaitingInfo(data=WaitingInfoData(position=position, queue_length=length, reason=reason, progress=progress))
