"""Where sessions run: a pool of runtime servers, of which there is one today."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Protocol

import structlog

from reactor_coordinator.errors import RuntimeCallError
from reactor_coordinator.events import RuntimeDoubted, RuntimeGone, RuntimeSaid
from reactor_coordinator.runtime_client import SILENCE_S, RuntimeClient
from reactor_protocol.capabilities import Capabilities
from reactor_protocol.runtime import (
    PrepareRequest,
    RuntimeEndReason,
    StartSessionRequest,
    StartSessionResponse,
    StopSessionRequest,
    StopSessionResponse,
)

GONE_AFTER_S = 2.0
"""A runtime that restarts refuses connections at once and is back in about a second; waiting longer is being lost."""

ASKED_AGAIN_S = 1.0
"""How long a runtime may take to answer after its stream broke or fell silent; it takes milliseconds."""

START_PATIENCE_S = 15.0
"""Both processes are started at the same time, and the runtime's packages may have to come from a cold disk."""

RETRY_FIRST_S = 0.05
RETRY_MOST_S = 0.5

RETRY_GROWTH = 1.2
"""A runtime that comes back is found at most a fifth of its absence later."""

_log = structlog.get_logger(__name__)


class RuntimePool(Protocol):
    """Finds a runtime for a session and talks to it. All calls raise RuntimeCallError."""

    async def prepare(self, request: PrepareRequest) -> None:
        """Let the runtime that will serve that session enter its room."""

    async def acquire(self, request: StartSessionRequest) -> StartSessionResponse:
        """Start the session."""

    async def release(self, session_id: str, reason: RuntimeEndReason) -> StopSessionResponse:
        """End the session, or leave the room that was prepared for it."""

    def watch(self) -> AsyncIterator[RuntimeSaid | RuntimeDoubted | RuntimeGone]:
        """What happens there, without end; survives the runtime's restarts."""

    def look_again(self) -> None:
        """Let `watch` bring a new snapshot."""

    async def capabilities(self) -> Capabilities:
        """What the model can do."""

    async def aclose(self) -> None:
        """Close the connections."""


class SingleRuntime:
    """The pool of one. Create inside the running loop."""

    def __init__(self, url: str, key: str) -> None:
        self._client = RuntimeClient(url, key)
        self._look_again = asyncio.Event()

    async def prepare(self, request: PrepareRequest) -> None:
        """See RuntimePool."""
        await self._client.prepare(request)

    async def acquire(self, request: StartSessionRequest) -> StartSessionResponse:
        """See RuntimePool."""
        return await self._client.start(request)

    async def release(self, session_id: str, reason: RuntimeEndReason) -> StopSessionResponse:
        """See RuntimePool."""
        return await self._client.stop(StopSessionRequest(session_id=session_id, reason=reason))

    async def capabilities(self) -> Capabilities:
        """See RuntimePool."""
        return await self._client.capabilities()

    def look_again(self) -> None:
        """See RuntimePool."""
        self._look_again.set()

    async def watch(self) -> AsyncIterator[RuntimeSaid | RuntimeDoubted | RuntimeGone]:
        """See RuntimePool."""
        heard_s: float | None = None
        trouble_since_s: float | None = None
        told, delay_s = False, RETRY_FIRST_S
        while True:
            asked_again = heard_s is not None and trouble_since_s is not None and not told
            try:
                async for said in self._one_stream(ASKED_AGAIN_S if asked_again else SILENCE_S):
                    heard_s, trouble_since_s, told, delay_s = time.monotonic(), None, False, RETRY_FIRST_S
                    yield said
                continue
            except RuntimeCallError as error:
                message = error.message
            now = time.monotonic()
            if trouble_since_s is None:
                # One that has fallen silent is in trouble since its last word, but is asked once more.
                trouble_since_s = heard_s if heard_s is not None and now - heard_s >= SILENCE_S else now
                if heard_s is not None:
                    _log.warning("runtime_out_of_reach", cause=message)
                    yield RuntimeDoubted()
            elif not told and now - trouble_since_s >= (START_PATIENCE_S if heard_s is None else GONE_AFTER_S):
                told = True
                yield RuntimeGone(message)
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * RETRY_GROWTH, RETRY_MOST_S)

    async def _one_stream(self, answer_s: float) -> AsyncIterator[RuntimeSaid]:
        """The events of one connection, until it breaks (raises) or another look is wanted (returns).

        The first one is waited for at most `answer_s`.
        """
        limit_s: float | None = answer_s
        self._look_again.clear()
        events = self._client.events()
        again = asyncio.ensure_future(self._look_again.wait())
        following = asyncio.ensure_future(anext(events))
        try:
            while True:
                done, _ = await asyncio.wait({following, again}, timeout=limit_s, return_when="FIRST_COMPLETED")
                if not done:
                    raise RuntimeCallError("UNREACHABLE", f"event stream: no answer within {answer_s:g} s")
                if not following.done():
                    return
                event, opened_s = following.result()
                limit_s = None
                following = asyncio.ensure_future(anext(events))
                yield RuntimeSaid(event, opened_s)
        finally:
            again.cancel()
            following.cancel()
            # The generator can only be closed when nobody runs in it; its failure was raised above, or is of no use.
            await asyncio.gather(again, following, return_exceptions=True)
            await events.aclose()

    async def aclose(self) -> None:
        """See RuntimePool."""
        await self._client.aclose()
