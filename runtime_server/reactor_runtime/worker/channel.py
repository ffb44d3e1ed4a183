"""The control channel: typed, length-framed messages over a Unix socket, file descriptors included."""

import contextlib
import errno
import os
import socket
import struct
import threading
from typing import Any, Generic, TypeVar

import msgspec

from reactor_runtime.worker.messages import FromWorker, InputRing, Message, OutputRing, ToWorker

_LENGTH = struct.Struct(">I")
_MAX_MESSAGE_BYTES = 64 * 1024 * 1024  # a 16 MiB command, escaped, with room to spare
_MAX_FDS = 4  # no message carries more than one
_RECEIVE_BYTES = 256 * 1024

Incoming = TypeVar("Incoming", bound=Message)


class ChannelClosedError(ConnectionError):
    """The other end is gone."""


class DescriptorLostError(OSError):
    """A message came without the file descriptor it was sent with: this process may open no more."""


class Channel(Generic[Incoming]):
    """One end of the channel. Any thread may `send`; one thread calls `receive`. Both block."""

    def __init__(self, sock: socket.socket, incoming: Any) -> None:
        self._sock = sock
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()
        self._send_lock = threading.Lock()
        self._buffer = bytearray()
        self._fds: list[int] = []

    def send(self, message: Message, fd: int | None = None) -> None:
        """Send `message`, and with it a duplicate of `fd`.

        Raises:
            ChannelClosedError: the other end is gone.
        """
        self.send_encoded(self.encode(message), fd)

    def encode(self, message: Message) -> memoryview:
        """Make of `message` what `send_encoded` and `send_some` take."""
        payload = self._encoder.encode(message)
        return memoryview(_LENGTH.pack(len(payload)) + payload)

    def send_encoded(self, data: memoryview, fd: int | None = None) -> None:
        """Send all of `data`, and with its first byte a duplicate of `fd`.

        Raises:
            ChannelClosedError: the other end is gone.
        """
        try:
            with self._send_lock:
                if fd is not None:
                    sent = socket.send_fds(self._sock, [data], [fd])
                    data = data[sent:]
                self._sock.sendall(data)
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    def send_some(self, data: memoryview) -> memoryview:
        """Send as much of `data` as there is room for, without waiting; return the rest, which has to come next.

        Only where nobody else sends meanwhile.

        Raises:
            ChannelClosedError: the other end is gone.
        """
        try:
            return data[self._sock.send(data, socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            return data
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    def receive(self) -> tuple[Incoming, int | None]:
        """Wait for the next message and the file descriptor it carries; the caller owns that descriptor.

        Raises:
            ChannelClosedError: the other end is gone.
            DescriptorLostError: this process had no descriptor free for the one that came.
        """
        while True:
            message = self._next_buffered()
            if message is not None:
                return message, self._taken() if isinstance(message, InputRing | OutputRing) else None
            try:
                data, fds, _, _ = socket.recv_fds(self._sock, _RECEIVE_BYTES, _MAX_FDS)
            except OSError as error:
                raise ChannelClosedError(str(error)) from error
            self._fds.extend(fds)
            if not data:
                raise ChannelClosedError("the other end closed the channel")
            self._buffer += data

    def close(self) -> None:
        """Close the socket and every descriptor nobody took; a blocked `receive` ends."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        while self._fds:
            os.close(self._fds.pop())

    def _taken(self) -> int:
        if not self._fds:
            raise DescriptorLostError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self._fds.pop(0)

    def _next_buffered(self) -> Incoming | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > _MAX_MESSAGE_BYTES:
            raise ChannelClosedError(f"a message of {length} bytes; at most {_MAX_MESSAGE_BYTES} are allowed")
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        message = self._decoder.decode(memoryview(self._buffer)[_LENGTH.size : end])
        del self._buffer[:end]
        return message


def runtime_end(sock: socket.socket) -> Channel[FromWorker]:
    """The runtime server's end of the channel."""
    return Channel(sock, FromWorker)


def worker_end(sock: socket.socket) -> Channel[ToWorker]:
    """The worker's end of the channel."""
    return Channel(sock, ToWorker)
