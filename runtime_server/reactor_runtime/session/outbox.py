"""Texts to the client: held until it is in, then sent one by one in order."""

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from reactor_protocol.application import RuntimeMessage, RuntimeNotice
from reactor_protocol.frontend import to_json
from reactor_runtime.transport.base import Transport, TransportError

_log = structlog.get_logger(__name__)

MAX_NOTICES = 1000  # of the runtime's own; the model's messages are bounded by `MessageDone`


class ClientOutbox:
    """A queue of texts and the work of sending them.

    Args:
        transport: where they go.
        sent: told the size in bytes of each of the model's messages that was sent or dropped.
    """

    def __init__(self, transport: Transport, sent: Callable[[int], None]) -> None:
        self._transport = transport
        self._sent = sent
        self._waiting: deque[tuple[str, int | None]] = deque()
        self._notices = 0
        self._released = False
        self._closed = False
        self._changed = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put_application(self, data: bytes) -> None:
        """Queue what a model sent (or what is answered in its place); `data` is JSON."""
        if self._closed:
            self._sent(len(data))
            return
        self._put('{"type":"application","data":' + data.decode() + "}", len(data))

    def put_notice(self, notice: RuntimeNotice) -> None:
        """Queue what the runtime itself says; too many of them are dropped."""
        if self._closed or self._notices >= MAX_NOTICES:
            return
        self._notices += 1
        self._put(to_json(RuntimeMessage(data=notice)), None)

    def release(self) -> None:
        """The client is in."""
        self._released = True
        self._changed.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            while self._released and self._waiting:
                text, size = self._waiting.popleft()
                try:
                    await self._transport.send_text(text)
                except TransportError as error:
                    _log.warning("a message to the client wasn't sent", error=str(error))
                finally:
                    self._account(size)
            if not self._waiting:
                self._empty.set()
            self._changed.clear()
            await self._changed.wait()

    async def drain(self) -> None:
        """Wait until all is sent."""
        await self._empty.wait()

    def close(self) -> None:
        """Drop what waits, and all that comes."""
        self._closed = True
        while self._waiting:
            self._account(self._waiting.popleft()[1])

    def _put(self, text: str, size: int | None) -> None:
        self._waiting.append((text, size))
        self._empty.clear()
        self._changed.set()

    def _account(self, size: int | None) -> None:
        if size is None:
            self._notices -= 1
        else:
            self._sent(size)
