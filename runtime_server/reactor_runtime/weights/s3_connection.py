"""HTTP/1.1 to an S3 server: one request at a time on a connection that is kept, its answer, and the answer's body.

urllib3 and http.client take four times the Python for that, most of it to understand headers that nobody reads here.
"""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.exceptions import IncompleteReadError, ReadTimeoutError

_HEAD_END = b"\r\n\r\n"
_FIRST_BYTES = 32 * 1024  # a head, and a small file with it
_LONGEST_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """The beginning of what a server answers.

    Parameters:
        headers: with names in small letters.
        rest: what came of the body already.
    """

    status: int
    headers: Mapping[str, str]
    rest: bytes


class Connection:
    """A connection to a server; for one thread at a time. Every method may raise OSError."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> Answer | None:
        """Send the head of a request that has no body; None if what comes is no answer of HTTP/1.1."""
        self._stream.sendall(request)
        head, end, rest = b"", b"", b""
        while not end:
            if len(head) > _LONGEST_HEAD_BYTES or not (data := self._stream.recv(_FIRST_BYTES)):
                return None
            head, end, rest = (head + data).partition(_HEAD_END)
        return _answer(head, rest)

    def receive(self, size_bytes: int) -> bytes:
        """Some of the bytes that come, at most so many; none at the end."""
        return self._stream.recv(size_bytes)

    def close(self) -> None:
        """End it."""
        self._stream.close()


def _answer(head: bytes, rest: bytes) -> Answer | None:
    status_line, *lines = head.decode("latin-1").split("\r\n")
    version, _, status = status_line.partition(" ")
    if version != "HTTP/1.1" or not status[:3].isdecimal():
        return None
    pairs = [line.partition(":") for line in lines]
    return Answer(int(status[:3]), {name.lower(): value.strip() for name, _, value in pairs}, rest)


class Body:
    """The body of an answer, whose length is known; for one thread.

    Parameters:
        rest: what came of it already.
        give_back: takes the connection when the whole body has been read; it is closed otherwise.
    """

    def __init__(self, connection: Connection, rest: bytes, size_bytes: int, give_back: Callable[[Connection], None]):
        self._connection: Connection | None = connection
        self._rest = rest
        self._size_bytes = self._left_bytes = size_bytes
        self._give_back = give_back

    def read(self, size_bytes: int) -> bytes:
        """Some of what comes next, at most so many bytes; none at the end.

        Raises:
            IncompleteReadError: the connection broke, or ended too early.
            ReadTimeoutError: nothing came for too long.
        """
        data, self._rest = self._rest[:size_bytes], self._rest[size_bytes:]
        if not data and self._connection and self._left_bytes:
            try:
                data = self._connection.receive(min(size_bytes, self._left_bytes))
            except TimeoutError:
                raise ReadTimeoutError(endpoint_url="") from None
            except OSError:
                data = b""
            if not data:
                had = self._size_bytes - self._left_bytes
                raise IncompleteReadError(actual_bytes=had, expected_bytes=self._size_bytes)
        self._left_bytes -= len(data)
        return data

    def close(self) -> None:
        """Nothing more is read; nothing happens the second time."""
        connection, self._connection = self._connection, None
        if connection and self._left_bytes:
            connection.close()
        elif connection:
            self._give_back(connection)
