"""The package's exception tree (drawn in the package's docstring)."""

from typing import Literal

from reactor_protocol.runtime import ProblemCode

RefusalCode = ProblemCode | Literal["UNREACHABLE"]


class CoordinatorError(Exception):
    """Anything this package raises on purpose."""


class RuntimeCallError(CoordinatorError):
    """The runtime server refused a call, or (`UNREACHABLE`) didn't answer it."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code: RefusalCode = code
        self.message = message


class RoomError(CoordinatorError):
    """LiveKit refused a call (`code` is its word for why), or can't be reached (`code` is None).

    `absent`: nobody listens there, so that its server has ended; otherwise the network may be at fault.
    """

    def __init__(self, message: str, *, code: str | None = None, absent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.absent = absent


class SettingsError(CoordinatorError):
    """A setting that can't be used; the text names it and what is expected."""
