"""Refusals as `application/problem+json` (RFC 9457)."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reactor_protocol.frontend import to_json
from reactor_protocol.runtime import ProblemCode, ProblemDetails
from reactor_runtime.session.problems import ProblemError


def problem(error: ProblemError) -> Response:
    """Write a refusal."""
    details = ProblemDetails(
        title=HTTPStatus(error.status).phrase, status=error.status, detail=error.detail, code=error.code
    )
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(to_json(details), error.status, headers, "application/problem+json")


async def on_problem(_request: Request, error: Exception) -> Response:
    """Answer with a `ProblemError` that a route raised."""
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for it alone
    return problem(error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette refuses by itself: unknown paths, wrong methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    codes: dict[int, ProblemCode] = {404: "NOT_FOUND"}
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return problem(ProblemError(error.status_code, codes.get(error.status_code, "BAD_REQUEST"), detail))


async def on_failure(request: Request, _error: Exception) -> Response:
    """Answer when our own code failed; the server logs the traceback."""
    return problem(ProblemError(500, "INTERNAL", f"{request.method} {request.url.path} failed; the log says why"))
