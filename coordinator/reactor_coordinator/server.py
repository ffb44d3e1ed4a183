"""uvicorn, with what a session's socket needs on top: abort, and a farewell before connections are closed."""

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from reactor_coordinator.client_socket import MAX_MESSAGE_BYTES
from reactor_coordinator.errors import SettingsError
from reactor_coordinator.trimmer import MessageTrimmer

PING_INTERVAL_S = 10.0
PING_TIMEOUT_S = 10.0
"""A frozen machine is noticed after at most 20 s; a page whose thread is blocked for 10 s isn't thrown out."""

ENOUGH_DESCRIPTORS = 4096
"""More than all the clients that anybody allows."""

OWN_DESCRIPTORS = 48
"""For LiveKit, the runtime and requests without a WebSocket; about 15 are in use."""

READ_BYTES = 8 * 1024
"""Read at once: the smallest messages there are then take 10 ms to parse, before it is somebody else's turn."""


class SocketProtocol(WebSocketsSansIOProtocol, asyncio.BufferedProtocol):
    """Bounds what one client can take of memory and time, and lets the application abort a connection.

    A plain close waits for a client that doesn't read.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._trimmer = MessageTrimmer(MAX_MESSAGE_BYTES)
        self._buffer = bytearray(READ_BYTES)

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - not a hint for us
        """Where the transport reads to."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what it has read."""
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Shorten messages that are too large; the handshake comes first, by itself."""
        if self.handshake_initiated:
            data = self._trimmer.feed(data)
        if data:
            super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        """Hand on a message; as binary if it isn't text, or was shortened (its last character may be cut)."""
        message = b"".join(self.frames)
        if len(message) > MAX_MESSAGE_BYTES or not _is_text(message):
            self.curr_msg_data_type = "bytes"
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Lose a connection that doesn't speak WebSocket any more: what the base class tells is a good-bye."""
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        super().handle_parser_exception()

    def handle_connect(self, event: Request) -> None:
        """Offer `reactor.abort` in the scope (the application's task runs after this)."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
            extensions["reactor.abort"] = self.transport.abort


def _is_text(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True


class Server(uvicorn.Server):
    """Says farewell first: uvicorn runs a lifespan's end only after all WebSockets have closed."""

    def __init__(self, app: Any, farewell: Callable[[], Awaitable[None]]) -> None:
        config = uvicorn.Config(
            app,
            ws=SocketProtocol,
            # What the trimmer lets through, and a control frame in the middle of it.
            ws_max_size=MAX_MESSAGE_BYTES + 1 + 125,
            ws_ping_interval=PING_INTERVAL_S,
            ws_ping_timeout=PING_TIMEOUT_S,
            # Messages are small and some are urgent.
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            # Forwarded headers are read where they are needed, and only for the scheme.
            proxy_headers=False,
        )
        super().__init__(config)
        self._farewell = farewell

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let the application end its clients' sessions, then close what is left."""
        for server in self.servers:
            server.close()
        with contextlib.suppress(TimeoutError):
            await self._farewell()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket.

    Raises:
        SettingsError: the address can't be used; says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Naming the protocol matters: asyncio sets TCP_NODELAY only on sockets that know they are TCP, and without it
    # answers of two writes wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"can't listen on {host} port {port}: {error.strerror or error}. "
            "Choose another with --coordinator-port or --host"
        ) from None
    return listener


def possible_sockets() -> int:
    """Allow ourselves more descriptors where we may, and return for how many clients they are enough."""
    soft, hard = (
        ENOUGH_DESCRIPTORS if limit == resource.RLIM_INFINITY else limit
        for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    wanted = min(hard, ENOUGH_DESCRIPTORS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return max(max(soft, wanted) - OWN_DESCRIPTORS, 1)


def exit_quietly_on_signals() -> None:
    """SIGTERM and SIGINT end this process with status 0, before, while and after the server handles them itself."""

    def leave(_number: int, _frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
