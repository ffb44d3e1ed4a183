"""The threads that call a model's commands and its `on_frame` during one session."""

import asyncio
import concurrent.futures
import difflib
import inspect
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reactor_protocol.application import ArgumentError, CommandErrorCode, CommandErrorData
from reactor_runtime.arguments import Commands, InvalidArgumentsError
from reactor_runtime.errors import SessionStopped
from reactor_runtime.worker.channel import Channel
from reactor_runtime.worker.coroutines import CoroutineRunner, SessionLoop
from reactor_runtime.worker.messages import CallbackFailed, CommandFailed, InputFrame, RunCommand, ToWorker
from reactor_runtime.worker.output import send_quietly
from reactor_runtime.worker.traces import traceback_text

HOLD_S = 0.2
"""Callbacks wait this long after entry for the model's first call to its context: its first lines may reset it."""

_MOST_COMMANDS = 1000
_MOST_COMMAND_BYTES = 16 * 1024 * 1024
_REPEAT_REPORT_S = 5.0  # the same failure of `on_frame`, 30 times a second, would bury the log
_LONGEST_MESSAGE = 1000  # characters of an exception's text that go to the client


def describe_error(error: BaseException) -> str:
    """Type and text, no traceback; for clients."""
    text = f"the model called sys.exit({error.code!r})" if isinstance(error, SystemExit) else str(error)
    return f"{type(error).__name__}: {text}"[:_LONGEST_MESSAGE] if text else type(error).__name__


@dataclass(frozen=True, slots=True, eq=False)
class CallbackHost:
    """What the callback threads of one session share."""

    session_id: str
    channel: Channel[ToWorker]
    first_call: threading.Event
    """Set by the model's first call to its context."""
    loop: SessionLoop
    """Where coroutines run."""


class CallbackThread(ABC):
    """One thread of callbacks. It begins with the model's first call to its context."""

    def __init__(self, name: str, host: CallbackHost) -> None:
        self._host = host
        self._coroutines = CoroutineRunner(host.loop)
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the hold counts from now."""
        self._thread.start()

    def close(self) -> None:
        """Deliver nothing more; a callback that runs goes on."""
        with self._changed:
            self._closed = True
            self._discard()
            self._changed.notify_all()
        self._host.first_call.set()

    def ended(self, timeout_s: float | None = 0.0) -> bool:
        """Whether the last callback has ended; waits for it as long."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Cancel a coroutine that runs."""
        self._coroutines.cancel()

    def _run(self) -> None:
        self._host.first_call.wait(HOLD_S)
        try:
            while self._wait():
                self._step()
        finally:
            self._coroutines.close()

    def _wait(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_work())
            return not self._closed

    def _call(self, function: Callable[..., Any], /, **arguments: Any) -> BaseException | None:
        """What the author's function raised, if that is to be reported."""
        try:
            result = function(**arguments)
            if inspect.iscoroutine(result):
                self._coroutines.run(result)
        except (SessionStopped, asyncio.CancelledError, concurrent.futures.CancelledError):
            return None
        except BaseException as error:  # noqa: BLE001 - sys.exit in a handler is the handler's failure
            return error
        return None

    @abstractmethod
    def _has_work(self) -> bool: ...

    @abstractmethod
    def _discard(self) -> None: ...

    @abstractmethod
    def _step(self) -> None: ...


class CommandThread(CallbackThread):
    """Runs a session's commands in the order sent, one at a time."""

    def __init__(self, host: CallbackHost, model: object, commands: Commands) -> None:
        super().__init__("reactor-commands", host)
        self._model = model
        self._commands = commands
        self._waiting: deque[RunCommand] = deque()
        self._waiting_bytes = 0
        self._overflowing = False

    def put(self, message: RunCommand) -> None:
        """A command came; beyond 1,000 or 16 MiB waiting it is refused, the client told once."""
        with self._changed:
            if self._closed:
                return
            full = len(self._waiting) >= _MOST_COMMANDS
            full = full or (bool(self._waiting) and self._waiting_bytes + len(message.data) > _MOST_COMMAND_BYTES)
            tell = full and not self._overflowing
            self._overflowing = full
            if not full:
                self._waiting.append(message)
                self._waiting_bytes += len(message.data)
                self._changed.notify_all()
        if tell:
            text = f"{len(self._waiting)} commands are waiting already; this one and those that follow are dropped"
            self._fail(message.name, "TOO_MANY_COMMANDS", text)

    def _has_work(self) -> bool:
        return bool(self._waiting)

    def _discard(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0

    def _step(self) -> None:
        with self._changed:
            if not self._waiting:
                return
            message = self._waiting.popleft()
            self._waiting_bytes -= len(message.data)
        self._execute(message)

    def _execute(self, message: RunCommand) -> None:
        found = self._commands.get(message.name)
        if found is None:
            self._fail(message.name, "UNKNOWN_COMMAND", self._unknown(message.name))
            return
        method, arguments = found
        try:
            values = arguments.validate(message.data)
        except InvalidArgumentsError as error:
            self._fail(message.name, "INVALID_ARGUMENTS", f"{message.name}: {error}", error.errors)
            return
        raised = self._call(getattr(self._model, method.attribute), **values)
        if raised is not None:
            trace = traceback_text(raised)
            self._fail(message.name, "HANDLER_RAISED", describe_error(raised), trace=trace)

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._commands, n=1)
        known = f'did you mean "{near[0]}"?' if near else f"it has: {', '.join(self._commands) or 'none'}"
        return f'the model has no command "{name[:100]}"; {known}'

    def _fail(
        self, name: str, code: CommandErrorCode, text: str, errors: list[ArgumentError] | None = None, trace: str = ""
    ) -> None:
        data = CommandErrorData(command=name, code=code, message=text, errors=errors or [])
        error = data.model_dump_json(by_alias=True).encode()
        send_quietly(self._host.channel, CommandFailed(self._host.session_id, error, trace))


@dataclass(frozen=True, slots=True, eq=False)
class CameraFrame:
    """A camera frame in the input ring."""

    message: InputFrame
    pixels: NDArray[np.uint8]
    """The slot's bytes."""
    release: Callable[[], None]
    """The slot may be written again."""


class CameraThread(CallbackThread):
    """Calls `on_frame` with the latest picture of the camera."""

    def __init__(self, host: CallbackHost, on_frame: Callable[..., Any]) -> None:
        super().__init__("reactor-camera", host)
        self._on_frame = on_frame
        self._latest: CameraFrame | None = None
        self._reported = ("", -_REPEAT_REPORT_S)

    def put(self, frame: CameraFrame) -> None:
        """A picture came; one that still waits is passed over."""
        with self._changed:
            passed_over = frame if self._closed else self._latest
            if not self._closed:
                self._latest = frame
                self._changed.notify_all()
        if passed_over is not None:
            passed_over.release()

    def _has_work(self) -> bool:
        return self._latest is not None

    def _discard(self) -> None:
        frame, self._latest = self._latest, None
        if frame is not None:
            frame.release()

    def _step(self) -> None:
        with self._changed:
            frame, self._latest = self._latest, None
        if frame is None:
            return
        picture = upright(frame)
        frame.release()
        raised = self._call(lambda: self._on_frame(picture))
        if raised is not None:
            self._report(raised)

    def _report(self, error: BaseException) -> None:
        text, now_s = describe_error(error), time.monotonic()
        last_text, last_s = self._reported
        if text == last_text and now_s - last_s < _REPEAT_REPORT_S:
            return
        self._reported = (text, now_s)
        trace = traceback_text(error)
        send_quietly(self._host.channel, CallbackFailed(self._host.session_id, text, trace))


def upright(frame: CameraFrame) -> NDArray[np.uint8]:
    """The picture, turned as its rotation says: a contiguous copy of shape `(H, W, 3)`."""
    message = frame.message
    picture = frame.pixels[: message.width * message.height * 3].reshape(message.height, message.width, 3)
    return np.rot90(picture, -message.rotation // 90).copy(order="C")  # rot90 turns counter-clockwise
