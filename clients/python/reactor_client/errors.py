"""What can go wrong, as one tree.

ReactorError                 code, message, recoverable, retry_after_s
├── UnreachableError         the coordinator or LiveKit can't be reached, or was lost for good
├── RefusedError             the coordinator answered with an `error` message
├── SessionEndedError        somebody else ended the session; `reason` and `session_id` say why and which
├── NotReadyError            something was asked of a session that isn't there (yet, or any more)
├── MessageTooLargeError     a command or message beyond the limit; nothing was sent
└── CameraError              the camera can't be published
"""

from reactor_protocol.frontend import EndReason, ErrorData, SessionEndedData


class ReactorError(Exception):
    """Every error of this package.

    Args:
        code: of the wire (contract: error codes), or the package's own in capitals.
        message: what happened, for people.
        recoverable: another attempt makes sense.
        retry_after_s: seconds after which it does, where that is known.
    """

    def __init__(
        self, code: str, message: str, *, recoverable: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.recoverable = recoverable
        self.retry_after_s = retry_after_s


class UnreachableError(ReactorError):
    """The coordinator or LiveKit can't be reached, or was lost for good."""

    def __init__(self, message: str) -> None:
        super().__init__("UNREACHABLE", message, recoverable=True)


class RefusedError(ReactorError):
    """The coordinator answered with an `error` message."""

    def __init__(self, data: ErrorData) -> None:
        super().__init__(data.code, data.message, recoverable=data.recoverable, retry_after_s=data.retry_after)
        self.component = data.component


class SessionEndedError(ReactorError):
    """Somebody else ended the session: the model, a time limit, a fault."""

    def __init__(self, data: SessionEndedData) -> None:
        super().__init__(data.reason.upper(), data.message, recoverable=True)
        self.reason: EndReason = data.reason
        self.session_id = data.session_id


class NotReadyError(ReactorError):
    """Something was asked of a session that isn't there (yet, or any more)."""

    def __init__(self, message: str) -> None:
        super().__init__("NOT_READY", message, recoverable=True)


class MessageTooLargeError(ReactorError):
    """A command or message beyond the limit; nothing was sent."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__("MESSAGE_TOO_LARGE", f"the message has {size_bytes} bytes, at most {limit_bytes} are possible")


class CameraError(ReactorError):
    """The camera can't be published."""

    def __init__(self, message: str) -> None:
        super().__init__("CAMERA", message)
