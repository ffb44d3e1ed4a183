"""The runtime server's routes: docs/contract.md, Between coordinator and runtime server."""

from typing import TypeVar

from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from reactor_protocol.base import WireModel
from reactor_protocol.errors import explain
from reactor_protocol.frontend import to_json
from reactor_protocol.runtime import PrepareRequest, StartSessionRequest, StopSessionRequest
from reactor_runtime.server.access import Access
from reactor_runtime.server.events import EventHub, EventStream
from reactor_runtime.server.metrics import CONTENT_TYPE, metrics
from reactor_runtime.server.problems import on_failure, on_http_error, on_problem
from reactor_runtime.session.controller import Controller
from reactor_runtime.session.problems import ProblemError

MAX_BODY_BYTES = 256 * 1024  # a token is 1 kB; metadata may be anything

Body = TypeVar("Body", bound=WireModel)


def create_app(controller: Controller, hub: EventHub, key: SecretStr | None) -> Starlette:
    """Make the application; `controller` runs elsewhere."""
    routes = _Routes(controller, hub)
    return Starlette(
        routes=[
            Route("/prepare", routes.prepare, methods=["POST"]),
            Route("/start_session", routes.start_session, methods=["POST"]),
            Route("/stop_session", routes.stop_session, methods=["POST"]),
            Route("/reload", routes.reload, methods=["POST"]),
            Route("/session", routes.session),
            Route("/events", routes.events),
            Route("/health", routes.health),
            Route("/ready", routes.ready),
            Route("/capabilities", routes.capabilities),
            Route("/manifest", routes.manifest),
            Route("/metrics", routes.metrics),
        ],
        middleware=[Middleware(Access, key=key)],
        exception_handlers={ProblemError: on_problem, HTTPException: on_http_error, Exception: on_failure},
    )


class _Routes:
    def __init__(self, controller: Controller, hub: EventHub) -> None:
        self._controller = controller
        self._hub = hub

    async def prepare(self, request: Request) -> Response:
        body = await _body(request, PrepareRequest)
        await self._controller.prepare(body)
        return JSONResponse({"session_id": body.session_id})

    async def start_session(self, request: Request) -> Response:
        return _json(await self._controller.start(await _body(request, StartSessionRequest)))

    async def stop_session(self, request: Request) -> Response:
        return _json(self._controller.stop(await _body(request, StopSessionRequest)))

    async def reload(self, _request: Request) -> Response:
        self._controller.reload()
        return _json(self._controller.readiness)

    async def session(self, _request: Request) -> Response:
        session = self._controller.session
        return JSONResponse(None) if session is None else _json(session.info())

    async def events(self, _request: Request) -> EventStream:
        if not self._hub.accepting:
            raise ProblemError(503, "BUSY", "too many listen to the events already")
        return EventStream(self._hub, self._controller.snapshot)

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(self, _request: Request) -> Response:
        return _json(self._controller.readiness, 200 if self._controller.is_loaded else 503)

    async def capabilities(self, _request: Request) -> Response:
        return Response(self._controller.model.capabilities, media_type="application/json")

    async def manifest(self, _request: Request) -> Response:
        return _json(self._controller.model.checked_manifest())

    async def metrics(self, _request: Request) -> Response:
        return PlainTextResponse(metrics(self._controller, self._hub.listeners), media_type=CONTENT_TYPE)


def _json(value: WireModel, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")


async def _body(request: Request, model: type[Body]) -> Body:
    """Read and check a JSON body.

    Raises:
        ProblemError: it is too large, not JSON, or not what the route takes.
    """
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > MAX_BODY_BYTES:
                raise ProblemError(413, "BAD_REQUEST", f"the body may have at most {MAX_BODY_BYTES:,} bytes")
    except ClientDisconnect:
        raise ProblemError(400, "BAD_REQUEST", "the body is incomplete") from None
    try:
        return model.model_validate_json(bytes(data))
    except ValidationError as error:
        raise ProblemError(400, "BAD_REQUEST", explain(error)) from None
