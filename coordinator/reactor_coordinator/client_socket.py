"""One client's WebSocket: what goes out (bounded) and what comes in (strictly read, rate limited)."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from reactor_coordinator import notices
from reactor_coordinator.rate import TokenBucket
from reactor_protocol.base import MessageError
from reactor_protocol.frontend import (
    ClientMessage,
    Echo,
    EchoData,
    ErrorMessage,
    ServerMessage,
    UnknownMessage,
    parse_client_message,
    to_json,
)

MAX_MESSAGE_BYTES = 64 * 1024
"""The largest sensible message (a sessionSetup) has some hundred bytes; larger ones are answered, not read.

They come shortened, as binary ones (`server.SocketProtocol`)."""

MAX_OUTGOING = 256
"""Messages a client may be behind; a queue of a hundred that moves quickly sends each a few dozen."""

SEND_LIMIT_S = 10.0
"""A client whose connection takes nothing for that long is gone."""

BURST, PER_S = 50, 20.0
"""A front end sends a handful of messages in its life."""

PARTING_CODE = 4000
"""Close frames with it are no good-bye: the owner will come back with its resume token."""

_numbers = itertools.count(1)
_log = structlog.get_logger(__name__)


class ClientSocket:
    """An accepted WebSocket; `number` is unique in this process."""

    def __init__(self, websocket: WebSocket) -> None:
        self.number = next(_numbers)
        self.websocket = websocket
        self._outgoing: asyncio.Queue[str | None] = asyncio.Queue(MAX_OUTGOING)
        self._cut = asyncio.Event()
        self._close_code = 1000
        now = time.monotonic()
        self._bucket = TokenBucket(burst=BURST, per_s=PER_S, now=now)
        self._complaints = TokenBucket(burst=1, per_s=1.0, now=now)

    def send(self, message: ServerMessage) -> None:
        """Queue a message; a client that is too far behind is cut off. Never waits."""
        self._put(to_json(message))

    def close(self, code: int) -> None:
        """Close after what is queued has gone out."""
        self._close_code = code
        self._put(None)

    def cut(self) -> None:
        """Drop the connection now."""
        self._cut.set()

    async def serve(self, on_message: Callable[[ClientMessage], None]) -> bool:
        """Receive until the end; True if the client said good-bye."""
        tasks = [
            asyncio.create_task(self._receive(on_message), name=f"receive-{self.number}"),
            asyncio.create_task(self._send(), name=f"send-{self.number}"),
            asyncio.create_task(self._cut.wait(), name=f"cut-{self.number}"),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            receiving = tasks[0]
            if not receiving.done():
                self._abort()
            return receiving.done() and receiving.result() is True
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _put(self, text: str | None) -> None:
        try:
            self._outgoing.put_nowait(text)
        except asyncio.QueueFull:
            _log.warning("client_too_slow", client=self.number, behind=MAX_OUTGOING)
            self.cut()

    async def _send(self) -> None:
        while True:
            text = await self._outgoing.get()
            self._outgoing.task_done()
            try:
                async with asyncio.timeout(SEND_LIMIT_S):
                    if text is None:
                        await self.websocket.close(self._close_code)
                        # The receiving side ends with the client's answer, or with the connection.
                        await asyncio.Event().wait()
                        return
                    await self.websocket.send_text(text)
            except TimeoutError:
                return
            except (WebSocketDisconnect, RuntimeError):
                # The receiving side knows how it ended, or learns it when nothing waits to be sent any more.
                continue

    async def _receive(self, on_message: Callable[[ClientMessage], None]) -> bool:
        while True:
            raw = await self.websocket.receive()
            if raw["type"] == "websocket.disconnect":
                return said_good_bye(raw)
            if not self._bucket.take(time.monotonic()):
                if self._complaints.take(time.monotonic()):
                    self.send(notices.error("RATE_LIMITED", "too many messages", retry_after_s=1.0))
                continue
            answer = self._read(raw)
            if isinstance(answer, UnknownMessage):
                self.send(Echo(data=EchoData(echo=answer.message, timestamp=time.time())))
            elif isinstance(answer, ErrorMessage):
                self.send(answer)
            else:
                self._take(answer, on_message)
            # A client that sends and doesn't read waits for itself: its answers may be as large as its messages.
            await self._outgoing.join()

    def _take(self, message: ClientMessage, on_message: Callable[[ClientMessage], None]) -> None:
        try:
            on_message(message)
        except Exception:  # noqa: BLE001 - a mistake of ours must not cost the session
            _log.exception("message_failed", client=self.number, type=message.type)
            self.send(notices.error("INTERNAL", f"{message.type} failed in the coordinator; its log says why"))

    @staticmethod
    def _read(raw: Any) -> ClientMessage | UnknownMessage | ErrorMessage:
        binary = raw.get("bytes")
        if binary is not None and len(binary) > MAX_MESSAGE_BYTES:
            return notices.error("MESSAGE_TOO_LARGE", f"not read: a message has at most {MAX_MESSAGE_BYTES} bytes")
        if binary is not None:
            return notices.error("BAD_MESSAGE", "expected a text message, found a binary one")
        try:
            return parse_client_message(raw["text"])
        except MessageError as error:
            return notices.error("BAD_MESSAGE", str(error)[:500])

    def _abort(self) -> None:
        """Drop a connection that takes nothing: an orderly close would wait for its reader."""
        abort = self.websocket.scope["extensions"].get("reactor.abort")
        if abort is not None:
            abort()


def said_good_bye(disconnect: Any) -> bool:
    """True if a close frame came, and not one that announces a return.

    uvicorn's sans-I/O protocol gives the frame's `reason` exactly then; a connection that just ended has none, and
    shares the code 1005 with a close frame without a code.
    """
    return "reason" in disconnect and disconnect["code"] != PARTING_CODE
