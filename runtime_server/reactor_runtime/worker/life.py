"""One process of the model, from its start to its end."""

import asyncio
import time
from typing import Protocol

import structlog

from reactor_protocol.manifest import Manifest
from reactor_protocol.runtime import Download, LoadStage
from reactor_runtime.media.frame import OutputFrame
from reactor_runtime.weights.words import Milestones, download_fields
from reactor_runtime.worker.handle import WorkerHandle
from reactor_runtime.worker.messages import (
    Frame,
    FromWorker,
    Loaded,
    LoadFailed,
    LoadProgress,
    Ping,
    Pong,
    SessionOver,
    Shutdown,
)
from reactor_runtime.worker.spawn import Spawned

_log = structlog.get_logger(__name__)

PONG_S = 15.0  # longer than any pause that isn't worth a line in the log
DUMP_S = 0.5  # faulthandler writes a hundred stacks in a tenth of it


class LifeListener(Protocol):
    """What a worker's life tells; on the event loop but for `frame`."""

    def loading(self, stage: LoadStage, progress: float | None, download: Download | None = None) -> None:
        """A new worker is loading the model, and this far."""
        ...

    def message(self, message: FromWorker) -> None:
        """A message about a session."""
        ...

    def frame(self, frame: Frame, picture: OutputFrame) -> None:
        """A model frame, on the worker's thread. The listener releases the picture."""
        ...


class WorkerLife:
    """One worker from start to end; its handle's events.

    Args:
        folder: the model's.
        command: the worker's program.
        environment: all of its variables.

    Raises:
        OSError: the process can't be started.
    """

    def __init__(
        self,
        spawned: Spawned,
        manifest: Manifest,
        listener: LifeListener,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.manifest = manifest
        self._listener = listener
        self.loaded: asyncio.Future[Loaded | LoadFailed] = self._loop.create_future()
        self.loaded_at_s: float | None = None
        self.exit: asyncio.Future[int] = self._loop.create_future()
        self.stage: LoadStage = "import"
        self.progress: float | None = None
        self.download: Download | None = None
        """While it is fetching weights."""
        self.fetched_s = 0.0
        """How long it has fetched weights."""
        self._fetching_since_s: float | None = None
        self._milestones = Milestones()
        self.stuck = False
        self.sessions = 0
        """That have ended while the process lived."""
        self._timer: asyncio.TimerHandle | None = None
        self._pings = 0
        self._pinged_at_s: float | None = None
        self.handle = WorkerHandle(spawned, self)

    def message(self, message: FromWorker) -> None:
        """See `WorkerEvents`."""
        match message:
            case LoadProgress():
                self._progressed(message)
            case Loaded() | LoadFailed():
                if not self.loaded.done():
                    self.loaded_at_s = time.monotonic()
                    self.loaded.set_result(message)
            case Pong():
                self._pinged_at_s = None
            case SessionOver():
                self.sessions += 1
                self.handle.session_id = None
                self._cancel_timer()
                self._listener.message(message)
            case _:
                self._listener.message(message)

    def frame(self, frame: Frame, picture: OutputFrame) -> None:
        """See `WorkerEvents`."""
        self._listener.frame(frame, picture)

    def exited(self, returncode: int) -> None:
        """See `WorkerEvents`."""
        self._cancel_timer()
        if not self.exit.done():
            self.exit.set_result(returncode)

    def ping(self) -> None:
        """Ask for a sign of life, and say so if the last one is long overdue."""
        if self._pinged_at_s is None:
            self._pings += 1
            self._pinged_at_s = time.monotonic()
            self.handle.send(Ping(self._pings))
        elif time.monotonic() - self._pinged_at_s > PONG_S:
            _log.warning(
                "the model's process doesn't answer; native code may hold Python's lock",
                seconds=round(time.monotonic() - self._pinged_at_s),
            )

    def kill_after(self, delay_s: float) -> None:
        """Kill the process unless the session is over by then; an earlier deadline stays."""
        deadline_s = self._loop.time() + delay_s
        if self._timer is None or self._timer.when() > deadline_s:
            self._cancel_timer()
            self._timer = self._loop.call_at(deadline_s, self._escalate)

    async def end(self, timeout_s: float) -> None:
        """See that the process is gone: told, then killed after `timeout_s`. Waits for its exit."""
        if not self.exit.done():
            if self.loaded.done():
                self.handle.send(Shutdown())
                await asyncio.wait({self.exit}, timeout=timeout_s)
            self.handle.kill()
            await asyncio.wait({self.exit})

    def _progressed(self, message: LoadProgress) -> None:
        if message.stage == "weights" and self._fetching_since_s is None:
            self._fetching_since_s = time.monotonic()
        if self._fetching_since_s is not None and self.stage == "weights":
            self.fetched_s = time.monotonic() - self._fetching_since_s
        self.stage, self.progress = message.stage, message.progress
        self.download = Download.model_validate_json(message.download) if message.download else None
        if self.download is not None and self._milestones.reached(message.progress, time.monotonic()):
            _log.info("fetching weights", **download_fields(self.download))
        self._listener.loading(self.stage, self.progress, self.download)

    def _escalate(self) -> None:
        self.stuck = True
        _log.error("the model doesn't end its session; the stacks of its threads follow, then it is killed")
        self.handle.dump_stacks()
        self._timer = self._loop.call_later(DUMP_S, self.handle.kill)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
