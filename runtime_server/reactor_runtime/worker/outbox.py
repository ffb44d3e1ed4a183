"""What goes to the worker: at once where there is room, and nobody but one thread ever blocks on its socket."""

import os
import threading
from collections import deque
from dataclasses import dataclass

from reactor_runtime.worker.channel import Channel, ChannelClosedError
from reactor_runtime.worker.messages import FromWorker, RunCommand, ToWorker

MAX_COMMANDS = 10_000  # a minute of a busy keyboard
MAX_COMMAND_BYTES = 64 * 1024 * 1024  # four of the largest


@dataclass(frozen=True, slots=True)
class _Waiting:
    data: memoryview
    fd: int | None
    command_bytes: int | None
    """Of a command; None: it is none."""


class WorkerOutbox:
    """Sends from the caller's thread while the worker takes what is sent; else a queue, and a thread that empties it.

    Waking that thread costs a command and each frame that is given back 0.1 ms, and more on an idle machine.
    Commands are bounded here. Everything else answers something the worker sent or is sent once a session, so that
    the worker's own bounds (frames, messages, camera slots) hold for it.
    """

    def __init__(self, channel: Channel[FromWorker]) -> None:
        self._channel = channel
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._sending = False
        self._commands = 0
        self._command_bytes = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="worker-send", daemon=True)
        self._thread.start()

    def put(self, message: ToWorker, fd: int | None = None) -> bool:
        """Send `message`, and with it a duplicate of `fd`, after what was put before. Never blocks; any thread.

        Returns:
            False when the message is a command and too many wait already.
        """
        data = self._channel.encode(message)
        command_bytes = len(message.data) if isinstance(message, RunCommand) else None
        with self._changed:
            if command_bytes is not None and not self._has_room(command_bytes):
                return False
            if fd is None and not self._waiting and not self._sending:
                data = self._send_some(data)
            if data and not self._closed:
                self._put(_Waiting(data, None if fd is None else os.dup(fd), command_bytes))
        return True

    def close(self) -> None:
        """End the thread; what waits is dropped. Close the channel first: the thread may be blocked on it."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        for entry in self._waiting:
            if entry.fd is not None:
                os.close(entry.fd)
        self._waiting.clear()

    def _has_room(self, command_bytes: int) -> bool:
        return self._commands < MAX_COMMANDS and self._command_bytes + command_bytes <= MAX_COMMAND_BYTES

    def _send_some(self, data: memoryview) -> memoryview:
        """What is left to send."""
        try:
            return self._channel.send_some(data)
        except ChannelClosedError:
            return data[:0]

    def _put(self, entry: _Waiting) -> None:
        if entry.command_bytes is not None:
            self._commands += 1
            self._command_bytes += entry.command_bytes
        self._waiting.append(entry)
        self._changed.notify()

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            try:
                self._channel.send_encoded(entry.data, entry.fd)
            except ChannelClosedError:
                return
            finally:
                if entry.fd is not None:
                    os.close(entry.fd)

    def _next(self) -> _Waiting | None:
        with self._changed:
            self._sending = False
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            entry = self._waiting.popleft()
            self._sending = True
            if entry.command_bytes is not None:
                self._commands -= 1
                self._command_bytes -= entry.command_bytes
            return entry
