"""The runtime server over REST and server-sent events."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from typing import TypeVar

import httpx
import structlog
from httpx_sse import SSEError, aconnect_sse
from pydantic import BaseModel, ValidationError

from reactor_coordinator.errors import RuntimeCallError
from reactor_protocol.base import MessageError, WireModel
from reactor_protocol.capabilities import Capabilities
from reactor_protocol.runtime import (
    PrepareRequest,
    ProblemDetails,
    RuntimeEvent,
    StartSessionRequest,
    StartSessionResponse,
    StopSessionRequest,
    StopSessionResponse,
    parse_runtime_event,
)

START_TIMEOUT_S = 20.0
"""Publishing takes milliseconds; a machine under load, or LiveKit restarting meanwhile, some seconds."""

PREPARE_TIMEOUT_S = 20.0
"""A connection that can't be made (blocked UDP, falling back to TCP) takes the media library several seconds."""

STOP_TIMEOUT_S = 5.0

CONNECT_TIMEOUT_S = 0.5
"""Its kernel answers, however busy it is. The address of a container that is restarted answers nothing at all."""

SILENCE_S = 3.5
"""The stream has a heartbeat each 2 s, which a busy machine may delay. Then it is asked once more, for a second."""

KEEP_ALIVE_S = 4.0
"""Less than the server's 5 s: a request must not meet a connection that is being closed."""

M = TypeVar("M", bound=BaseModel)
_log = structlog.get_logger(__name__)


class RuntimeClient:
    """One runtime server at `url`. Create inside the running loop."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            trust_env=False,
            timeout=httpx.Timeout(STOP_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=16, keepalive_expiry=KEEP_ALIVE_S),
        )

    async def prepare(self, request: PrepareRequest) -> None:
        """`POST /prepare`.

        Raises:
            RuntimeCallError: refused, or not answered.
        """
        await self._post("/prepare", request, PREPARE_TIMEOUT_S)

    async def start(self, request: StartSessionRequest) -> StartSessionResponse:
        """`POST /start_session`.

        Raises:
            RuntimeCallError: refused, or not answered.
        """
        return _read(StartSessionResponse, await self._post("/start_session", request, START_TIMEOUT_S))

    async def stop(self, request: StopSessionRequest) -> StopSessionResponse:
        """`POST /stop_session`.

        Raises:
            RuntimeCallError: refused (`NOT_FOUND`: an id never seen there), or not answered.
        """
        return _read(StopSessionResponse, await self._post("/stop_session", request, STOP_TIMEOUT_S))

    async def capabilities(self) -> Capabilities:
        """`GET /capabilities`.

        Raises:
            RuntimeCallError: refused, or not answered.
        """
        return _read(Capabilities, await self._call("GET", "/capabilities", None, STOP_TIMEOUT_S))

    async def events(self) -> AsyncGenerator[tuple[RuntimeEvent, float], None]:
        """The events of one connection, each with the monotonic time at which the connection was asked for.

        Raises:
            RuntimeCallError: the stream couldn't be opened, broke, fell silent, or skipped an event.
        """
        opened_s, last_seq = time.monotonic(), None
        timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_TIMEOUT_S)
        try:
            async with aconnect_sse(self._http, "GET", "/events", timeout=timeout) as source:
                if source.response.status_code != httpx.codes.OK:
                    await source.response.aread()
                    raise _problem(source.response)
                async for sent in source.aiter_sse():
                    event = parse_runtime_event(sent.data)
                    if last_seq is not None and event.seq > last_seq + 1:
                        raise RuntimeCallError("UNREACHABLE", f"events after {last_seq} are missing")
                    last_seq = event.seq
                    yield event, opened_s
        except (httpx.HTTPError, SSEError, MessageError) as error:
            raise RuntimeCallError("UNREACHABLE", f"event stream: {_short(error)}") from None
        raise RuntimeCallError("UNREACHABLE", "event stream: closed by the runtime")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _post(self, path: str, body: WireModel, timeout_s: float) -> httpx.Response:
        return await self._call("POST", path, body.model_dump_json().encode(), timeout_s)

    async def _call(self, method: str, path: str, body: bytes | None, timeout_s: float) -> httpx.Response:
        headers: Mapping[str, str] = {} if body is None else {"Content-Type": "application/json"}
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._http.request(method, path, content=body, headers=headers, timeout=timeout)
        except (httpx.HTTPError, TimeoutError) as error:
            raise RuntimeCallError("UNREACHABLE", f"{path}: {_short(error)}") from None
        if response.is_success:
            return response
        raise _problem(response)


def _read(model: type[M], response: httpx.Response) -> M:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        detail = error.errors(include_input=False)[0]["msg"]
        raise RuntimeCallError("INTERNAL", f"{response.url.path}: the runtime's answer is wrong: {detail}") from None


def _problem(response: httpx.Response) -> RuntimeCallError:
    try:
        problem = ProblemDetails.model_validate_json(response.content)
    except ValidationError:
        return RuntimeCallError("INTERNAL", f"{response.url.path}: HTTP {response.status_code}")
    return RuntimeCallError(problem.code, problem.detail)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
