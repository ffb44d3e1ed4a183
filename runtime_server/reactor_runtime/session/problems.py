"""Why the runtime refuses a request."""

from reactor_protocol.runtime import ProblemCode


class ProblemError(Exception):
    """A request that is refused; becomes `application/problem+json`.

    Args:
        status: of HTTP.
        code: for programs.
        detail: for people: what happened and what to do next.
        retry_after_s: when another attempt makes sense.
    """

    def __init__(self, status: int, code: ProblemCode, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code: ProblemCode = code
        self.detail = detail
        self.retry_after_s = retry_after_s
