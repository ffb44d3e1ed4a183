"""Where a model's `async def` methods run: one session's event loops."""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from reactor_runtime.stopping import StopGate

_LOOK_AGAIN_S = 0.005  # how often the end of a session looks whether a handler on its loop has ended


class SessionLoop:
    """The event loop of an `async def start_session`, for the time that it runs."""

    def __init__(self, gate: StopGate) -> None:
        self._gate = gate
        self.loop: asyncio.AbstractEventLoop | None = None

    def run(self, start: Coroutine[Any, Any, Any], finish: Callable[[], bool]) -> None:
        """Run `start` on this thread, cancelled once the stopping model may be interrupted.

        Afterwards the loop goes on while `finish()` is False: handlers that run on it may end.
        """
        with asyncio.Runner() as runner:
            runner.run(self._main(start, finish))

    async def _main(self, start: Coroutine[Any, Any, Any], finish: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(start)
        self.loop = loop

        def cancel() -> None:
            left_s = self._gate.left_s()
            if left_s > 0:
                loop.call_later(left_s, cancel)
            else:
                task.cancel()

        def on_stop() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(cancel)

        self._gate.listen(on_stop)
        try:
            await task
        finally:
            while not finish():  # noqa: ASYNC110 - what it waits for are threads
                await asyncio.sleep(_LOOK_AGAIN_S)
            self.loop = None


class CoroutineRunner:
    """Runs the coroutines of one callback thread: on the session's loop if it has one, else on a loop of its own."""

    def __init__(self, session: SessionLoop) -> None:
        self._session = session
        self._own: asyncio.Runner | None = None
        self._lock = threading.Lock()
        self._cancel: Callable[[], object] | None = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run it to its end, on the callback thread.

        Raises:
            asyncio.CancelledError, concurrent.futures.CancelledError: `cancel` was called.
        """
        loop = self._session.loop
        try:
            if loop is None:
                self._own = self._own or asyncio.Runner()
                self._own.run(self._tracked(coroutine))
            else:
                self._wait(asyncio.run_coroutine_threadsafe(coroutine, loop))
        finally:
            with self._lock:
                self._cancel = None

    def cancel(self) -> None:
        """Cancel what runs now; any thread."""
        with self._lock:
            if self._cancel is not None:
                with contextlib.suppress(RuntimeError):
                    self._cancel()

    def close(self) -> None:
        """End the own loop, on the callback thread."""
        if self._own is not None:
            self._own.close()

    def _wait(self, future: "concurrent.futures.Future[Any]") -> None:
        with self._lock:
            self._cancel = future.cancel
        future.result()

    async def _tracked(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        with self._lock:
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        await coroutine
