"""What waits to be sent to the worker, so that nobody but one thread ever blocks on its socket."""

import os
import threading
from collections import deque

from reactor_runtime.worker.channel import Channel, ChannelClosedError
from reactor_runtime.worker.messages import FromWorker, RunCommand, ToWorker

MAX_COMMANDS = 10_000  # a minute of a busy keyboard
MAX_COMMAND_BYTES = 64 * 1024 * 1024  # four of the largest


class WorkerOutbox:
    """A queue and the thread that empties it into the channel.

    Commands are bounded here. Everything else answers something the worker sent or is sent once a session, so that
    the worker's own bounds (frames, messages, camera slots) hold for it.
    """

    def __init__(self, channel: Channel[FromWorker]) -> None:
        self._channel = channel
        self._changed = threading.Condition()
        self._waiting: deque[tuple[ToWorker, int | None]] = deque()
        self._commands = 0
        self._command_bytes = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="worker-send", daemon=True)
        self._thread.start()

    def put(self, message: ToWorker, fd: int | None = None) -> bool:
        """Queue `message`, and with it a duplicate of `fd`. Never blocks; any thread.

        Returns:
            False when the message is a command and too many wait already.
        """
        with self._changed:
            if self._closed:
                return True
            if isinstance(message, RunCommand):
                if self._commands >= MAX_COMMANDS or self._command_bytes + len(message.data) > MAX_COMMAND_BYTES:
                    return False
                self._commands += 1
                self._command_bytes += len(message.data)
            self._waiting.append((message, None if fd is None else os.dup(fd)))
            self._changed.notify()
        return True

    def close(self) -> None:
        """End the thread; what waits is dropped. Close the channel first: the thread may be blocked on it."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        for _, fd in self._waiting:
            if fd is not None:
                os.close(fd)
        self._waiting.clear()

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            message, fd = entry
            try:
                self._channel.send(message, fd)
            except ChannelClosedError:
                return
            finally:
                if fd is not None:
                    os.close(fd)

    def _next(self) -> tuple[ToWorker, int | None] | None:
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            entry = self._waiting.popleft()
            if isinstance(entry[0], RunCommand):
                self._commands -= 1
                self._command_bytes -= len(entry[0].data)
            return entry
