"""The model's process under supervision: loaded, watched, ended, loaded again."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Literal, Protocol

import structlog

from reactor_protocol.manifest import Manifest
from reactor_protocol.runtime import LoadError
from reactor_runtime.manifest import ManifestError, load_manifest
from reactor_runtime.worker.exits import describe_exit
from reactor_runtime.worker.folder import Look, changed_file, look
from reactor_runtime.worker.history import ModelHistory
from reactor_runtime.worker.life import LifeListener, WorkerLife
from reactor_runtime.worker.messages import (
    LoadFailed,
    StartSession,
    StopSession,
    ToWorker,
)
from reactor_runtime.worker.spawn import WORKER_COMMAND, Spawned, spawn, worker_environment

_log = structlog.get_logger(__name__)

PROGRESS_S = 1.0  # as often as a person looks at a progress bar
EXIT_S = 5.0  # a worker that said it ends is given this long
PING_S = 5.0
CRASHES = 3  # in a row, then a person has to look
START_AGAIN_S = 2.0  # no descriptors, no memory for a process: others may give some back
STABLE_S = 60.0  # a crash after that long isn't in a row with the one before
BACK_OFF_S = (0.0, 1.0)  # before the second and the third attempt
FETCH_AGAIN_S = (2.0, 4.0, 8.0, 15.0, 30.0, 60.0)  # a registry that is away for long isn't asked all the time
LOOK_S = 0.5  # how often a folder that doesn't load is looked at; a look of 20 files takes 0.06 ms
LOOK_SHARE = 20  # of a large folder the time between two looks is so many times a look's own
HASTY_LOADS = 3  # in a row; a model that writes into its folder while it fails to load would never come to rest
SHUTDOWN_GRACE_S = 0.5
SHUTDOWN_KILL_S = 1.5
MIN_KILL_GRACE_S = 5.0
MAX_LOAD_GRACE_S = 120.0

LossReason = Literal["model_crashed", "model_stuck"]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What is known of a model once it has loaded."""

    manifest: Manifest
    capabilities: bytes
    """JSON of `reactor_protocol.capabilities.Capabilities`."""
    takes_camera: bool


class SupervisorListener(LifeListener, Protocol):
    """What a supervisor tells; on the event loop but for `frame`."""

    def loaded(self, model: LoadedModel) -> None:
        """Sessions can start."""
        ...

    def load_failed(self, error: LoadError) -> None:
        """Nothing happens until the folder changes or `reload` is called, unless time may mend it."""
        ...

    def worker_lost(self, reason: LossReason, message: str) -> None:
        """The worker's process has ended, unasked or killed; loading follows."""
        ...


def kill_grace_s(stop_timeout_s: float | None, longest_gap_s: float, load_s: float | None) -> float:
    """How long a model may take to end a session before its process is killed.

    Args:
        stop_timeout_s: the manifest's; overrides the rest.
        longest_gap_s: the session's longest time between two emits.
        load_s: what the kill costs: how long the model took to load.
    """
    if stop_timeout_s is not None:
        return stop_timeout_s
    return max(MIN_KILL_GRACE_S, 3 * longest_gap_s, min((load_s or 0.0) / 4, MAX_LOAD_GRACE_S))


class Supervisor:
    """Keeps one loaded worker alive while `run` runs.

    Args:
        folder: the model's.
        history: of that model.
        environment: variables for the worker, beyond ours.
        command: the worker's program.
        first: a worker of that folder that was started already.
    """

    def __init__(
        self,
        folder: Path,
        history: ModelHistory,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = WORKER_COMMAND,
        first: Spawned | None = None,
    ) -> None:
        self._folder = folder
        self._history = history
        self._environment = dict(environment or {})
        self._command = command
        self._first = first
        self.loaded_from: Look = {}
        """The folder as it was before the load that runs or is done."""
        self._manifest: Manifest | None = None
        self._life: WorkerLife | None = None
        self._reload = asyncio.Event()
        self._closing = False
        self._crashes = 0
        self._hasty = 0
        self._again_at_s = inf
        self._refused = 0
        """Loads in a row that failed for what time may mend."""
        self._started_at_s = time.monotonic()

    async def run(self, listener: SupervisorListener) -> None:
        """Load the model, again after each crash, kill or change; returns after `close`."""
        while not self._closing:
            self._reload.clear()
            self.loaded_from, _ = await self._look()
            if self._closing:
                return
            error = await self._one_life(listener)
            if self._closing:
                return
            if error is None:
                self._hasty = 0
            else:
                listener.load_failed(error)
                await self._change_or_request(self.loaded_from)
                self._crashes = 0

    @property
    def remaining_load_s(self) -> float | None:
        """How long loading should still take, where that is known."""
        if self._history.record.load_s is None:
            return None
        fetching_s = (self._life.download.eta_s or 0.0) if self._life is not None and self._life.download else 0.0
        return max(0.0, self._history.record.load_s - self._loading_s(self._life)) + fetching_s

    @property
    def manifest(self) -> Manifest | None:
        """What the folder says about the model, once that could be read."""
        return self._manifest

    @property
    def worker_pid(self) -> int | None:
        """The process id of the worker that runs now."""
        return self._life.handle.pid if self._life is not None else None

    def send(self, message: ToWorker, fd: int | None = None) -> bool:
        """Queue a message for the worker. False: too many commands wait. Without a worker it is dropped."""
        return self._life is None or self._life.handle.send(message, fd)

    def start_session(self, message: StartSession) -> None:
        """Enter the model's `start_session`."""
        if self._life is not None:
            self._life.handle.session_id = message.session_id
        self.send(message)

    def stop_session(self, session_id: str, grace_s: float, kill_after_s: float) -> None:
        """Ask the model to end; kill its process if it hasn't after `kill_after_s`."""
        self.send(StopSession(session_id, grace_s))
        self.kill_after(kill_after_s)

    def kill_after(self, delay_s: float) -> None:
        """Kill the worker's process unless its session is over by then."""
        if self._life is not None:
            self._life.kill_after(delay_s)

    def reload(self) -> None:
        """Load the model again in a new process. Only while no session runs."""
        self._reload.set()

    async def close(self) -> None:
        """End the worker: told, then killed at the shutdown's deadline. `run` returns."""
        self._closing = True
        self._reload.set()
        if self._first is not None:
            self._first.discard()
        elif self._life is not None:
            await self._life.end(SHUTDOWN_KILL_S)

    async def _one_life(self, listener: SupervisorListener) -> LoadError | None:
        """Run one worker from start to end; an error says that the model doesn't load."""
        first, self._first = self._first, None
        self._started_at_s, self._again_at_s = first.at_s if first is not None else time.monotonic(), inf
        listener.loading("import", None if self._history.record.load_s is None else 0.0)
        try:
            manifest = self._manifest = load_manifest(self._folder)
            spawned = first or spawn(self._command, self._folder, worker_environment(self._environment))
        except ManifestError as refusal:
            if first is not None:
                first.discard()
            return LoadError(
                message=refusal.message, file=str(refusal.file) if refusal.file else None, line=refusal.line
            )
        except OSError as refusal:
            self._again_at_s = time.monotonic() + START_AGAIN_S
            return LoadError(message=f"the model's process can't be started: {refusal}")
        life = self._life = WorkerLife(spawned, manifest, listener)
        reload = asyncio.create_task(self._reload.wait(), name="reload requested")
        try:
            error = await self._load(listener, life, reload)
            if error is None and not life.exit.done() and not reload.done():
                await self._watch(life, reload)
        finally:
            reload.cancel()
            await life.end(EXIT_S if not self._closing else SHUTDOWN_KILL_S)
            self._life = None
        if error is not None or self._closing or self._reload.is_set():
            return error
        return await self._lost(listener, life)

    async def _load(
        self, listener: SupervisorListener, life: WorkerLife, reload: asyncio.Task[bool]
    ) -> LoadError | None:
        while not (life.loaded.done() or life.exit.done() or reload.done()):
            await _first(PROGRESS_S, life.loaded, life.exit, reload)
            if not life.loaded.done():
                listener.loading(life.stage, self._progress(life), life.download)
        if not life.loaded.done():
            return None
        result = life.loaded.result()
        if isinstance(result, LoadFailed):
            _log.error("the model didn't load", error=result.message, file=result.file, line=result.line)
            if result.traceback:
                _log.error("traceback of the model", traceback=result.traceback)
            if result.passing:
                self._again_at_s = time.monotonic() + FETCH_AGAIN_S[min(self._refused, len(FETCH_AGAIN_S) - 1)]
                self._refused += 1
            return LoadError(message=result.message, file=result.file, line=result.line)
        self._refused = 0
        load_s = self._loading_s(life)
        self._history.remember(load_s=load_s)
        _log.info("the model is loaded", seconds=round(load_s, 2), pid=life.handle.pid)
        listener.loaded(LoadedModel(life.manifest, result.capabilities, result.takes_camera))
        return None

    def _progress(self, life: WorkerLife) -> float | None:
        expected_s = self._history.record.load_s
        if life.progress is not None or life.stage == "weights" or expected_s is None:
            return life.progress
        return min(0.99, self._loading_s(life) / expected_s)

    def _loading_s(self, life: WorkerLife | None) -> float:
        """How long the model has been loading; a download is no part of it, the next start has none."""
        return time.monotonic() - self._started_at_s - (life.fetched_s if life is not None else 0.0)

    async def _watch(self, life: WorkerLife, reload: asyncio.Task[bool]) -> None:
        """Wait for the worker's end or a reload, and report when it doesn't answer."""
        while not (life.exit.done() or reload.done()):
            life.ping()
            await _first(PING_S, life.exit, reload)

    async def _lost(self, listener: SupervisorListener, life: WorkerLife) -> LoadError | None:
        """Tell of the worker's end, count it, wait the back-off."""
        if life.stuck:
            message = "the model ignored the end of its session and was killed; it is loaded again"
            _log.error(message)
            listener.worker_lost("model_stuck", message)
            return None
        message = f"the model's process {life.handle.fault or describe_exit(life.exit.result())}"
        _log.error(message, pid=life.handle.pid)
        loaded_at_s = life.loaded_at_s
        in_a_row = life.sessions == 0 and (loaded_at_s is None or time.monotonic() - loaded_at_s < STABLE_S)
        self._crashes = self._crashes + 1 if in_a_row else 1
        listener.worker_lost("model_crashed", message)
        if self._crashes >= CRASHES:
            return LoadError(message=f"{message}, {CRASHES} times in a row")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BACK_OFF_S[self._crashes - 1]):
                await self._reload.wait()
        return None

    async def _change_or_request(self, before: Look) -> None:
        """Wait until a file in the model's folder isn't as it was `before` the load, or somebody asks for a reload.

        What the system refused is tried again without either.
        """
        now, pause_s = await self._look()
        if changed_file(before, now) is None:
            self._hasty = 0
        else:
            self._hasty += 1
            before = now if self._hasty > HASTY_LOADS else before
        while (file := changed_file(before, now)) is None:
            if time.monotonic() >= self._again_at_s:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._reload.wait()
                    return
            now, pause_s = await self._look()
        _log.info("the model's folder has changed", file=file)

    async def _look(self) -> tuple[Look, float]:
        """Look at the model's folder; with how long to wait until the next look."""
        began_s = time.monotonic()
        found = await asyncio.to_thread(look, self._folder)
        return found, max(LOOK_S, LOOK_SHARE * (time.monotonic() - began_s))


async def _first(timeout_s: float, *futures: asyncio.Future[Any]) -> None:
    """Wait until one of them is done, at most that long."""
    await asyncio.wait(futures, timeout=timeout_s, return_when="FIRST_COMPLETED")
