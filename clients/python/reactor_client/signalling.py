"""The WebSocket to the coordinator."""

import contextlib
import ipaddress
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI, WebSocketException

from reactor_client.errors import UnreachableError
from reactor_protocol.base import MessageError, WireModel
from reactor_protocol.frontend import ServerMessage, parse_server_message, to_json

_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
# A coordinator's message is below 1 kB except for `echo`, which repeats what was sent.
_MAX_MESSAGE_BYTES = 1024 * 1024
# Opening takes milliseconds; a machine that is asleep or far away may need seconds.
_OPEN_TIMEOUT_S = 10.0
# The other side's close frame is a courtesy: our own one has ended the session already.
_CLOSE_TIMEOUT_S = 2.0
# One that the other side gave up while the network was away is noticed soon after it is back; a vanished coordinator
# within 20 s. The media connection has its own, faster means.
_PING_INTERVAL_S = 5.0
_PING_TIMEOUT_S = 15.0


class SocketLostError(Exception):
    """The connection ended without our doing."""


def websocket_url(url: str) -> str:
    """Complete an address: `http` becomes `ws`, a missing path `/ws`.

    Raises:
        ValueError: it isn't an address of a coordinator.
    """
    parts = urlsplit(url)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(f"expected an address such as ws://localhost:8080/ws, found {url!r}")
    path = parts.path if parts.path not in {"", "/"} else "/ws"
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


class Signalling:
    """An open WebSocket to the coordinator that speaks the contract's messages."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str) -> "Signalling":
        """Connect.

        Raises:
            UnreachableError: nobody answers there, or refuses.
        """
        try:
            connection = await open_websocket(
                url,
                proxy=None if _is_loopback(url) else True,
                open_timeout=_OPEN_TIMEOUT_S,
                close_timeout=_CLOSE_TIMEOUT_S,
                ping_interval=_PING_INTERVAL_S,
                ping_timeout=_PING_TIMEOUT_S,
                max_size=_MAX_MESSAGE_BYTES,
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            raise UnreachableError(
                f"no coordinator at {url} ({error or type(error).__name__}): is `reactor run` up?"
            ) from None
        return cls(connection)

    async def send(self, message: WireModel) -> None:
        """Send a message.

        Raises:
            SocketLostError: the connection is gone.
        """
        try:
            await self._connection.send(to_json(message))
        except ConnectionClosed as error:
            raise SocketLostError(str(error)) from None

    async def receive(self) -> ServerMessage | None:
        """Wait for the next message; None: one that this version doesn't know. May be cancelled.

        Raises:
            SocketLostError: the connection is gone.
        """
        try:
            text = await self._connection.recv(decode=True)
        except ConnectionClosed as error:
            raise SocketLostError(str(error)) from None
        try:
            return parse_server_message(text)
        except MessageError:
            return None

    async def close(self) -> None:
        """Close with a close frame, which ends the session at once. Never raises."""
        with contextlib.suppress(WebSocketException, OSError):
            await self._connection.close()

    def abort(self) -> None:
        """Cut the connection without a close frame, as a failing network does."""
        self._connection.transport.abort()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
