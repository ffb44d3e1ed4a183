"""The HTTP and WebSocket routes on 8080."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from reactor_coordinator import notices
from reactor_coordinator.client_socket import ClientSocket
from reactor_coordinator.coordinator import Coordinator
from reactor_coordinator.errors import RuntimeCallError
from reactor_coordinator.lan import lan_url
from reactor_coordinator.metrics import CONTENT_TYPE
from reactor_coordinator.origin import origin_allowed
from reactor_coordinator.page import Page
from reactor_coordinator.pool import RuntimePool
from reactor_coordinator.settings import Settings
from reactor_coordinator.status import health, not_ready_reason
from reactor_protocol.frontend import ErrorMessage, to_json

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013

_log = structlog.get_logger(__name__)


class Routes:
    """The handlers, with what they need."""

    def __init__(self, settings: Settings, coordinator: Coordinator, pool: RuntimePool) -> None:
        self._settings = settings
        self._capabilities: tuple[str, str] | None = None
        self._page = Page(settings)
        self.running = coordinator
        self.pool = pool

    async def page(self, request: Request) -> Response:
        """`GET /`."""
        return self._page.index(request)

    async def asset(self, request: Request) -> Response:
        """`GET /assets/{name}`."""
        return self._page.asset(request)

    async def health(self, request: Request) -> Response:
        """`GET /health`: alive."""
        settings = self._settings
        port: int = request.scope["server"][1]
        url = lan_url(settings.host, settings.public_host, port, settings.livekit_public_url)
        body = health(self.running) | {"lan_url": url}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def ready(self, _request: Request) -> Response:
        """`GET /ready`: 200 only if a session could start now or queue behind one."""
        reason = not_ready_reason(self.running)
        body = {"ready": reason is None, "reason": reason}
        return JSONResponse(body, status_code=200 if reason is None else 503, headers={"Cache-Control": "no-store"})

    async def metrics(self, _request: Request) -> Response:
        """`GET /metrics`."""
        broker = self.running.broker
        text = self.running.metrics.render(
            connections=len(self.running.sockets),
            waiting=len(broker.line),
            active=broker.current is not None,
            runtime_state=broker.runtime.state,
        )
        return PlainTextResponse(text, media_type=CONTENT_TYPE)

    async def capabilities(self, _request: Request) -> Response:
        """`GET /capabilities`: the runtime's, asked for once for each of its starts."""
        instance = self.running.broker.runtime.instance
        if self._capabilities is not None and self._capabilities[0] == instance:
            return Response(self._capabilities[1], media_type="application/json")
        try:
            found = await self.pool.capabilities()
        except RuntimeCallError as error:
            return _problem(503, error)
        text = found.model_dump_json(by_alias=True)
        if instance is not None:
            self._capabilities = (instance, text)
        return Response(text, media_type="application/json")

    async def socket(self, websocket: WebSocket) -> None:
        """`/ws`."""
        headers = websocket.headers
        origin = headers.get("origin")
        await websocket.accept()
        if not origin_allowed(origin, headers.get("host"), self._settings.allow_origin):
            _log.warning("origin_refused", origin=origin)
            refusal = notices.error(
                "ORIGIN_NOT_ALLOWED", f"pages from {origin} may not connect; see --allow-origin", recoverable=False
            )
            await _refuse(websocket, refusal, POLICY_VIOLATION)
        elif len(self.running.sockets) >= self._settings.max_sockets or self.running.broker.shutting_down:
            refusal = notices.error("NO_CAPACITY", "no more connections are taken now", retry_after_s=10.0)
            await _refuse(websocket, refusal, TRY_AGAIN_LATER)
        else:
            await self.running.serve(ClientSocket(websocket))


async def _refuse(websocket: WebSocket, refusal: ErrorMessage, code: int) -> None:
    await websocket.send_text(to_json(refusal))
    await websocket.close(code)


def _problem(status: int, error: RuntimeCallError) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": "The runtime server doesn't answer",
        "status": status,
        "detail": error.message,
        "code": error.code,
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def make_routes(settings: Settings, coordinator: Coordinator, pool: RuntimePool) -> list[BaseRoute]:
    """What is answered on 8080."""
    routes = Routes(settings, coordinator, pool)
    return [
        Route("/", routes.page),
        Route("/assets/{name}", routes.asset),
        Route("/health", routes.health),
        Route("/ready", routes.ready),
        Route("/metrics", routes.metrics),
        Route("/capabilities", routes.capabilities),
        WebSocketRoute("/ws", routes.socket),
    ]


def make_app(settings: Settings, start: Callable[[], tuple[Coordinator, RuntimePool]]) -> Starlette:
    """The ASGI application; `start` runs inside the loop, before the first request."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.router.routes.extend(make_routes(settings, *start()))
        yield

    return Starlette(lifespan=lifespan)
