"""Who may talk to the runtime server."""

import hmac

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from reactor_runtime.server.problems import problem
from reactor_runtime.session.problems import ProblemError

OPEN_PATHS = frozenset({"/health"})  # for container engines, which bear no keys


class Access:
    """ASGI middleware: the key where there is one, and never a web page.

    A page in a browser of this machine could reach a runtime without a key; browsers tell on it by `Origin`.
    """

    def __init__(self, app: ASGIApp, key: SecretStr | None) -> None:
        self._app = app
        self._expected = None if key is None else f"Bearer {key.get_secret_value()}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem(refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ProblemError | None:
        headers = Headers(scope=scope)
        if "origin" in headers:
            return ProblemError(
                403, "UNAUTHORIZED", "the runtime server doesn't talk to web pages; ask the coordinator"
            )
        if self._expected is None or scope["path"] in OPEN_PATHS:
            return None
        given = headers.get("authorization", "").encode("latin-1")
        if hmac.compare_digest(given, self._expected):
            return None
        return ProblemError(401, "UNAUTHORIZED", "send the runtime's key: 'Authorization: Bearer …'")
