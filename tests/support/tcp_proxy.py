"""A TCP proxy between a client and an S3 server that misbehaves as a test says, and counts what passes.

    with TcpProxy(server.port) as proxy:
        proxy.faults = lambda number: Fault(cut_after=1_000_000) if number < 3 else Fault()
        ...  # the client talks to 127.0.0.1:proxy.port
        assert proxy.body_bytes <= ...

What is called "body" here are the bodies of answers to ranged reads (status 206): lists, heads and errors pass as they
are, so a fault hits what a test means to hit. One request at a time on a connection, as HTTP clients do it.
"""

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from support.limits import PATIENCE_S

_CHUNK_BYTES = 65536
_JOIN_S = PATIENCE_S
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: no time, so close() sends RST


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls one connection. Offsets count the bytes of bodies that came over it, from 0; None: never.

    Parameters:
        refuse: close at once.
        cut_after: reset the connection there.
        end_after: end the connection there in good order, in the middle of a body: it is truncated.
        stall_after: pass nothing more from there, until the connection is closed or `TcpProxy.release()`.
        corrupt_at: change the byte there.
        cut_up_after: reset the connection when the client has sent so many bytes, heads included.
        delay_s: before each piece of at most 64 KiB towards the client.
    """

    refuse: bool = False
    cut_after: int | None = None
    end_after: int | None = None
    stall_after: int | None = None
    corrupt_at: int | None = None
    cut_up_after: int | None = None
    delay_s: float = 0.0


NO_FAULT = Fault()


class TcpProxy:
    """Listens on a free port of loopback and passes everything to `target_port`; use it as a context manager.

    Attributes:
        faults: gives each new connection its fault, by its number from 0; may be replaced at any time.
        connections: how many have been accepted.
        body_bytes: bytes of bodies passed to clients.
        down_bytes, up_bytes: all bytes to and from clients.
        requests: heads of answers passed to clients.
    """

    def __init__(self, target_port: int, faults: Callable[[int], Fault] = lambda _number: NO_FAULT) -> None:
        self.faults = faults
        self.connections = 0
        self.body_bytes = 0
        self.down_bytes = 0
        self.up_bytes = 0
        self.requests = 0
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()
        self._released = threading.Event()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._closed = True
        self._released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        for thread in self._threads:
            thread.join(_JOIN_S)
            assert not thread.is_alive()

    def cut_all(self) -> None:
        """Reset every connection there is."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            connection.cut()

    def release(self) -> None:
        """Let go on what stalls, now and from now on."""
        self._released.set()

    def count(self, *, body: int = 0, down: int = 0, up: int = 0, requests: int = 0) -> None:
        """Add to the counters."""
        with self._lock:
            self.body_bytes += body
            self.down_bytes += down
            self.up_bytes += up
            self.requests += requests

    def wait_for_release(self, connection: "_Connection") -> None:
        """Return when stalled connections may go on, or this one is closed."""
        while not connection.closed.is_set() and not self._released.wait(0.05):
            pass

    def forget(self, connection: "_Connection") -> None:
        """It is closed."""
        with self._lock:
            self._open.discard(connection)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="tcp-proxy", daemon=True)
        with self._lock:
            self._threads = [known for known in self._threads if known.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                number = self.connections
                self.connections += 1
            self._serve(client, self.faults(number))

    def _serve(self, client: socket.socket, fault: Fault) -> None:
        try:
            if fault.refuse:
                raise ConnectionRefusedError
            server = socket.create_connection(self._target, timeout=_JOIN_S)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        for each in (client, server):  # else a head and its body are 40 ms apart
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(self, client, server, fault)
        with self._lock:
            self._open.add(connection)
            closed = self._closed
        if closed:
            connection.cut()
            return
        self._start(connection.pass_up)
        self._start(connection.pass_down)


class _Connection:
    """One connection of a client, and ours to the server for it."""

    def __init__(self, proxy: TcpProxy, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        self.closed = threading.Event()
        self._proxy = proxy
        self._client = client
        self._server = server
        self._fault = fault
        self._up_bytes = 0
        self._body_bytes = 0
        self._body_left = 0
        self._head = b""

    def pass_up(self) -> None:
        """From the client to the server, until either ends."""
        with contextlib.suppress(OSError):
            while data := self._client.recv(_CHUNK_BYTES):
                self._up_bytes += len(data)
                self._proxy.count(up=len(data))
                limit = self._fault.cut_up_after
                if limit is not None and self._up_bytes > limit:
                    self.cut()
                    return
                self._server.sendall(data)
        self.end()

    def pass_down(self) -> None:
        """From the server to the client, until either ends or the fault says so."""
        with contextlib.suppress(OSError):
            while not self.closed.is_set() and (data := self._server.recv(_CHUNK_BYTES)):
                time.sleep(self._fault.delay_s)
                for piece, is_body in self._pieces(data):
                    if is_body:
                        self._send_body(piece)
                    else:
                        self._client.sendall(piece)
                        self._proxy.count(down=len(piece))
        self.end()

    def cut(self) -> None:
        """Reset both sides."""
        self.closed.set()
        self._proxy.forget(self)
        _reset(self._client)
        _reset(self._server)

    def end(self) -> None:
        """Close both sides in good order, unless they are being reset: that wakes the thread that calls this."""
        if self.closed.is_set():
            return
        self.closed.set()
        self._proxy.forget(self)
        for each in (self._client, self._server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _pieces(self, data: bytes) -> list[tuple[bytes, bool]]:
        """Split what came into what is a body of a ranged read and what isn't."""
        if self._body_left:
            body, rest = data[: self._body_left], data[self._body_left :]
            self._body_left -= len(body)
            return [(body, True), *(self._pieces(rest) if rest else [])]
        if not self._head and not data.startswith(b"HTTP/"):
            return [(data, False)]
        self._head += data
        head, end, rest = self._head.partition(_HEAD_END)
        if not end:
            return []
        self._head = b""
        self._proxy.count(requests=1)
        length = _LENGTH.search(head)
        if head.split(b" ", 2)[1] == b"206" and length:
            self._body_left = int(length[1])
        elif rest:
            return [(head + end + rest, False)]
        return [(head + end, False), *(self._pieces(rest) if rest else [])]

    def _send_body(self, data: bytes) -> None:
        start, fault = self._body_bytes, self._fault
        stop = min(
            (limit for limit in (fault.cut_after, fault.end_after, fault.stall_after) if limit is not None),
            default=None,
        )
        if fault.corrupt_at is not None and start <= fault.corrupt_at < start + len(data):
            at = fault.corrupt_at - start
            data = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
        passed = data if stop is None else data[: max(0, stop - start)]
        self._client.sendall(passed)
        self._body_bytes += len(passed)
        self._proxy.count(body=len(passed), down=len(passed))
        if len(passed) < len(data):
            self._fail(data[len(passed) :])

    def _fail(self, rest: bytes) -> None:
        fault = self._fault
        if fault.cut_after is not None and self._body_bytes >= fault.cut_after:
            self.cut()
        elif fault.end_after is not None and self._body_bytes >= fault.end_after:
            self.end()
        else:
            self._proxy.wait_for_release(self)
            self._fault = NO_FAULT
            self._send_body(rest)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RD)  # wakes whoever waits for data; the close below sends the reset
    connection.close()
