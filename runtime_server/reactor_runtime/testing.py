"""Plays a model in a test: no processes, no network, no stack.

    from reactor_runtime.testing import playing

    def test_it_turns_blue():
        with playing(MyModel(fps=30)) as viewer:
            viewer.send_command("set_colours", name="sea")
            frame = viewer.next_frames(3)[-1]
        assert viewer.messages == [{"type": "status", "colours": "sea"}]

The session runs on a thread of its own and goes on only as frames are asked for. Nothing else of the runtime is
imitated: no pacing, no encoder, no codec's losses.
"""

import asyncio
import inspect
import json
import threading
from collections import deque
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from reactor_runtime import context
from reactor_runtime.arguments import prepare_commands
from reactor_runtime.context import SessionContext
from reactor_runtime.errors import SessionStopped
from reactor_runtime.frames import Pictures, Size, read
from reactor_runtime.jsonable import to_json
from reactor_runtime.model import VideoModel
from reactor_runtime.stopping import StopGate
from reactor_runtime.worker.coroutines import SessionLoop

__all__ = ["Viewer", "playing"]

PATIENCE_S = 10.0
"""A model that shows nothing for as long, or doesn't end, fails its test."""

_HOLD_S = 0.2  # commands wait as long for a model's first lines, which may reset it; as in a real session
_FIRST_SIZE = Size(640, 480)  # of a black frame before any other


class _Screen:
    """Takes what the model shows and says; each frame waits until it was asked for."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.gate = StopGate(self.changed)
        self.frames: deque[NDArray[np.uint8]] = deque()
        self.messages: list[dict[str, Any]] = []
        self._size = _FIRST_SIZE

    def emit(self, frames: object) -> None:
        """Take frames; the model goes on when they were seen."""
        if not self.gate.admit():
            return
        pictures = read(frames, self._size)
        for index in range(pictures.count):
            self._size = pictures.size
            with self.changed:
                self.frames.append(_picture(pictures, index))
                self.changed.notify_all()
                self.gate.wait_until(lambda: not self.frames)

    def send(self, message: object) -> None:
        """Take a message."""
        if self.gate.admit():
            self.messages.append(json.loads(to_json(message)))


class Viewer:
    """Who watches and steers the model in a test; `playing` makes it."""

    def __init__(self, model: VideoModel) -> None:
        self._model = model
        self._name = type(model).__name__
        self._commands = prepare_commands(type(model))
        self._screen = _Screen()
        self._raised: BaseException | None = None
        self._ended = False
        self._first_call = threading.Event()
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the model has sent so far, as a front end would read it."""
        return self._screen.messages

    def next_frame(self) -> NDArray[np.uint8]:
        """The next frame as a viewer would get it: RGB, uint8, shape (H, W, 3), padded to multiples of 4.

        Raises:
            AssertionError: none came within 10 s, or the session has ended. What the model raised is raised here.
        """
        screen = self._screen
        with screen.changed:
            screen.changed.wait_for(lambda: screen.frames or self._ended, PATIENCE_S)
            if screen.frames:
                frame = screen.frames.popleft()
                screen.changed.notify_all()
                return frame
        self._raise()
        why = "start_session has returned" if self._ended else f"it took more than {PATIENCE_S:g} s"
        raise AssertionError(f"{self._name} shows no further frame: {why}")

    def next_frames(self, count: int) -> list[NDArray[np.uint8]]:
        """The next `count` frames. The first two may have been under way before a command that was just sent."""
        return [self.next_frame() for _ in range(count)]

    def send_command(self, name: str, /, **arguments: Any) -> None:
        """Call a command as a front end does: arguments are checked against its signature.

        Raises:
            LookupError: the model has no such command.
            ValueError: the arguments don't fit; the text says which.
        """
        if name not in self._commands:
            raise LookupError(f"the model has no command {name!r}; it has: {', '.join(self._commands) or 'none'}")
        method, checked = self._commands[name]
        values = checked.validate(json.dumps(arguments).encode())
        self._first_call.wait(_HOLD_S)
        _finish(getattr(self._model, method.attribute)(**values))

    def show_camera(self, frame: NDArray[np.uint8]) -> None:
        """Hand a picture of the viewer's camera to `on_frame`: RGB, uint8, shape (H, W, 3)."""
        self._first_call.wait(_HOLD_S)
        _finish(self._model.on_frame(frame.copy()))

    def __enter__(self) -> Self:
        context.keep_threads()
        context.enter(SessionContext("test", self._screen.gate, self._screen, self._screen, self._first_call))
        self._thread.start()
        return self

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        self._screen.gate.request(PATIENCE_S)
        self._thread.join(PATIENCE_S)
        self._screen.gate.close()
        context.leave()
        if error is not None:
            return  # the first failure is the one to show
        if self._thread.is_alive():
            raise AssertionError(f"{self._name}.start_session doesn't end: ask get_ctx().should_stop() in its loop")
        self._raise()

    def _raise(self) -> None:
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised

    def _run(self) -> None:
        try:
            result = self._model.start_session()
            if inspect.iscoroutine(result):
                SessionLoop(self._screen.gate).run(result, lambda: True)
        except (SessionStopped, asyncio.CancelledError):
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised where the test is
            self._raised = error
        with self._screen.changed:
            self._ended = True
            self._screen.changed.notify_all()


def _finish(result: object) -> None:
    """Run it to its end, where a command is `async def`."""
    if inspect.iscoroutine(result):
        asyncio.run(result)


def _picture(pictures: Pictures, index: int) -> NDArray[np.uint8]:
    size = pictures.size
    slot = np.empty(size.frame_bytes, np.uint8)
    pictures.write(index, slot)
    return slot.reshape(size.height, size.width, 3)


def playing(model: VideoModel) -> Viewer:
    """A session of `model` with one viewer, for a `with` block; at its end it is stopped, as if the viewer had left.

    The end of the block raises what the model raised, and AssertionError if it doesn't end within 10 s.
    """
    return Viewer(model)
