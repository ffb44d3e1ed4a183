"""Texts that come from a LiveKit room: one after the other, in the order they were begun, never too large."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from livekit import rtc

from reactor_protocol.application import MAX_MESSAGE_BYTES

_MAX_WAITING = 1000  # streams begun and not read, or texts held before `serve`
_READ_S = 30.0  # 16 MiB over a slow network; a sender that vanished doesn't block those behind it
_CLOSE_S = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Held:
    identity: str
    text: str


class Inbox:
    """Reads text streams on one task. Until `serve` what comes is held, up to 1,000 texts or 16 MiB."""

    def __init__(self, on_text: Callable[[str], None], on_too_large: Callable[[], None]) -> None:
        self._on_text = on_text
        self._on_too_large = on_too_large
        self._streams: asyncio.Queue[tuple[rtc.TextStreamReader, str]] = asyncio.Queue(_MAX_WAITING)
        self._accepts: Callable[[str], bool] | None = None
        self._held: deque[_Held] = deque()
        self._held_chars = 0
        self._task: asyncio.Task[None] | None = None

    def accept(self, reader: rtc.TextStreamReader, identity: str) -> None:
        """The SDK's handler for a stream that begins."""
        if self._accepts is not None and not self._accepts(identity):
            log.warning("stranger_message_ignored", identity=identity)
            reader.close()
            return
        try:
            self._streams.put_nowait((reader, identity))
        except asyncio.QueueFull:
            log.warning("message_dropped", reason="too many at once", identity=identity)
            reader.close()

    def open(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(self._read_all())

    def serve(self, accepts: Callable[[str], bool]) -> None:
        """Hand on what was held and what comes, if `accepts` its sender's identity."""
        self._accepts = accepts
        while self._held:
            held = self._held.popleft()
            if accepts(held.identity):
                self._on_text(held.text)
        self._held_chars = 0

    async def close(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=_CLOSE_S)
        while not self._streams.empty():
            self._streams.get_nowait()[0].close()
        self._held.clear()

    async def _read_all(self) -> None:
        while True:
            reader, identity = await self._streams.get()
            try:
                async with asyncio.timeout(_READ_S):
                    text = await _read(reader)
            except _TooLargeError:
                self._refuse(identity)
            except (rtc.StreamError, TimeoutError) as error:
                self._refuse_or_log(identity, error)
            else:
                self._take(identity, text)
            finally:
                reader.close()

    def _take(self, identity: str, text: str) -> None:
        if self._accepts is None:
            self._hold(identity, text)
        elif self._accepts(identity):
            self._on_text(text)
        else:
            log.warning("stranger_message_ignored", identity=identity)

    def _hold(self, identity: str, text: str) -> None:
        if len(self._held) >= _MAX_WAITING or self._held_chars + len(text) > MAX_MESSAGE_BYTES:
            log.warning("message_dropped", reason="too much before the session", identity=identity)
            return
        self._held.append(_Held(identity, text))
        self._held_chars += len(text)

    def _refuse(self, identity: str) -> None:
        if self._accepts is not None and self._accepts(identity):
            self._on_too_large()

    def _refuse_or_log(self, identity: str, error: Exception) -> None:
        if "exceeds maximum size" in str(error):  # the library has no type of its own for it
            self._refuse(identity)
        else:
            log.warning("message_incomplete", identity=identity, error=str(error) or "no answer in time")


class _TooLargeError(Exception):
    pass


async def _read(reader: rtc.TextStreamReader) -> str:
    chunks: list[str] = []
    size_bytes = 0
    async for chunk in reader:
        size_bytes += len(chunk.encode())
        if size_bytes > MAX_MESSAGE_BYTES:
            raise _TooLargeError
        chunks.append(chunk)
    return "".join(chunks)
