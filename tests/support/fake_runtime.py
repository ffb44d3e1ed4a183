"""A runtime server without a model or media: REST and events as the contract says, faults on request.

It stands in for the real one where a fault has to be provoked at an exact moment; it never enters a room.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from reactor_coordinator.server import listen
from reactor_protocol.runtime import (
    PrepareRequest,
    ProblemDetails,
    StartSessionRequest,
    StopSessionRequest,
    parse_runtime_event,
)
from support.ports import free_ports

CAPABILITIES = {
    "commands": {"start": {"description": "Begin", "schema": {}}},
    "$defs": {},
    "schemaVersion": 1,
    "model": {"name": "fake", "version": "1.2.3"},
    "tracks": [{"name": "reactor-video", "kind": "video", "direction": "out"}],
    "state": {},
}


class FakeRuntime:
    """State, faults to come, and a record of the calls."""

    server: uvicorn.Server

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.instance = secrets.token_hex(4)
        self.seq = 0
        self.state = "ready"
        self.error: dict[str, Any] | None = None
        self.session: str | None = None
        self.prepared: dict[str, PrepareRequest] = {}
        self.known: set[str] = set()
        self.video_input = False
        self.starts: list[StartSessionRequest] = []
        self.stops: list[StopSessionRequest] = []
        self.prepares: list[PrepareRequest] = []
        self.refusals: list[tuple[int, str]] = []
        """HTTP status and code of the next starts, one each."""
        self.prepare_refusals = 0
        self.hold_start: asyncio.Event | None = None
        self.ends_at_once = False
        """The model returns before the start is answered."""
        self.hold_clean_up: asyncio.Event | None = None
        self.capability_calls = 0
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def server_exit(self) -> None:
        """The process dies, as far as others can see."""
        self.server.should_exit = True
        for listener in self.server.servers:
            listener.close()
        for connection in list(self.server.server_state.connections):
            connection.transport.abort()

    # Events

    def say(self, kind: str, **fields: Any) -> None:
        """Send an event to all listeners."""
        self.seq += 1
        text = self._text({"type": kind, **fields})
        for queue in self._listeners:
            queue.put_nowait(text)

    def finish(self, reason: str = "model_finished", message: str = "the model has finished") -> None:
        """The current session ends by itself, and the runtime is ready at once."""
        session, self.session = self.session, None
        assert session is not None
        self.known.add(session)
        self.state = "stopping"
        self.say("session_ended", session_id=session, reason=reason, message=message)
        self.say("room_released", session_id=session)
        self.state = "ready"
        self.say("ready")

    def change(self, state: str, **fields: Any) -> None:
        """Load, fail or be ready."""
        self.state = state
        self.error = fields.get("error")
        self.say(state, **fields)

    def lose_prepared(self) -> str:
        """The connection of the prepared room breaks."""
        session_id = next(iter(self.prepared))
        del self.prepared[session_id]
        self.known.add(session_id)
        self.say("room_released", session_id=session_id, lost=True)
        return session_id

    def drop_streams(self) -> None:
        """End every event stream."""
        for queue in self._listeners:
            queue.put_nowait(None)

    def _text(self, event: dict[str, Any]) -> str:
        text = json.dumps({**event, "seq": self.seq, "instance": self.instance})
        parse_runtime_event(text)
        return text

    def _snapshot(self) -> str:
        readiness = {"state": self.state, "stage": None, "progress": None, "error": self.error}
        return self._text(
            {
                "type": "snapshot",
                "readiness": readiness,
                "session_id": self.session,
                "prepared": list(self.prepared),
                "model_name": "fake",
                "model_version": "1.2.3",
                "video_input": self.video_input,
                "audio_input": False,
            }
        )

    async def _events(self, _request: Request) -> Response:
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        queue.put_nowait(self._snapshot())
        self._listeners.add(queue)

        async def stream() -> AsyncIterator[str]:
            try:
                while (text := await queue.get()) is not None:
                    yield f"data: {text}\n\n"
            finally:
                self._listeners.discard(queue)

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def beat(self) -> None:
        """Heartbeats, until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            self.say("heartbeat")

    # Routes

    async def _prepare(self, request: Request) -> Response:
        body = PrepareRequest.model_validate_json(await request.body())
        self.prepares.append(body)
        if self.prepare_refusals:
            self.prepare_refusals -= 1
            return problem(502, "TRANSPORT")
        self.prepared[body.session_id] = body
        return JSONResponse({"session_id": body.session_id})

    async def _start(self, request: Request) -> Response:
        body = StartSessionRequest.model_validate_json(await request.body())
        self.starts.append(body)
        if self.hold_start is not None:
            await self.hold_start.wait()
        if self.refusals:
            return problem(*self.refusals.pop(0))
        if self.session is not None:
            return problem(409, "BUSY")
        self.prepared.pop(body.session_id, None)
        self.session, self.state = body.session_id, "active"
        self.say("session_started", session_id=body.session_id)
        if self.ends_at_once:
            self.finish()
            await asyncio.sleep(0.05)
        else:
            self.say("first_frame", session_id=body.session_id)
        answer = {"session_id": body.session_id, "width": 832, "height": 480, "video_codec": "vp9"}
        return JSONResponse(answer)

    async def _stop(self, request: Request) -> Response:
        body = StopSessionRequest.model_validate_json(await request.body())
        self.stops.append(body)
        if body.session_id == self.session:
            self.session, self.state = None, "stopping"
            self.known.add(body.session_id)
            self.say("session_ended", session_id=body.session_id, reason=body.reason, message="stopped")
            self._later(self._clean_up(body.session_id))
            return JSONResponse({"session_id": body.session_id, "state": "stopping"})
        if self.prepared.pop(body.session_id, None):
            self.known.add(body.session_id)
            self.say("room_released", session_id=body.session_id)
            return JSONResponse({"session_id": body.session_id, "state": "released"})
        if body.session_id in self.known:
            return JSONResponse({"session_id": body.session_id, "state": "ended"})
        return problem(404, "NOT_FOUND")

    async def _clean_up(self, session_id: str) -> None:
        if self.hold_clean_up is not None:
            await self.hold_clean_up.wait()
        self.say("room_released", session_id=session_id)
        self.change("ready")

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _capabilities(self, _request: Request) -> Response:
        self.capability_calls += 1
        return JSONResponse(CAPABILITIES)

    def app(self) -> Starlette:
        """The routes that the coordinator uses."""
        return Starlette(
            routes=[
                Route("/events", self._events),
                Route("/capabilities", self._capabilities),
                Route("/prepare", self._prepare, methods=["POST"]),
                Route("/start_session", self._start, methods=["POST"]),
                Route("/stop_session", self._stop, methods=["POST"]),
            ]
        )


def problem(status: int, code: Any) -> Response:
    body = ProblemDetails(title="refused", status=status, detail=f"refused: {code}", code=code)
    return Response(body.model_dump_json(), status, media_type="application/problem+json")


@asynccontextmanager
async def serve_fake_runtime(port: int | None = None) -> AsyncIterator[FakeRuntime]:
    """Serve one on `port` (default: a free one) in this event loop."""
    runtime = FakeRuntime(free_ports(1)[0] if port is None else port)
    config = uvicorn.Config(
        runtime.app(), port=runtime.port, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = runtime.server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    listener = listen("127.0.0.1", runtime.port)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    beating = asyncio.create_task(runtime.beat())
    try:
        yield runtime
    finally:
        beating.cancel()
        runtime.drop_streams()
        server.should_exit = True
        await asyncio.gather(serving, beating, return_exceptions=True)
