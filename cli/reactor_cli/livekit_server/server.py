"""The LiveKit server of `reactor run`: found or fetched, started, watched, ended."""

import asyncio
import contextlib
import time
from types import TracebackType

from reactor_cli.livekit_server import ports
from reactor_cli.livekit_server.config import KeyPair, Ports, render
from reactor_cli.livekit_server.container import ContainerProcess, Engine
from reactor_cli.livekit_server.errors import LiveKitError, LiveKitStartFailedError
from reactor_cli.livekit_server.find import Program, find
from reactor_cli.livekit_server.job import Job
from reactor_cli.livekit_server.log import ServerLog
from reactor_cli.livekit_server.probe import is_ready
from reactor_cli.livekit_server.process import Running, ServerProcess, ended
from reactor_cli.livekit_server.settings import Endpoint, LiveKitSettings, OnStatus, Status

_POLL_S = 0.02  # it answers about 0.15 s after its start
_PORT_RACES = 3  # a free port may be taken by somebody else before the server has it


class LiveKitServer:
    """A LiveKit server for as long as this process lives.

    `await start()` returns where it is; `await stop()` ends it. Also usable as `async with`. A new key is made at each
    start unless the settings give one. `on_status` is called in the event loop's thread.
    """

    def __init__(self, settings: LiveKitSettings, on_status: OnStatus | None = None) -> None:
        self._settings = settings
        self._on_status = on_status or (lambda _status: None)
        self._running: Running | None = None

    async def start(self) -> Endpoint:
        """Start the server and wait until it answers.

        Raises:
            LiveKitNotFoundError: no source gave a server; the text lists what can be done.
            LiveKitPortTakenError: names the process that holds the port.
            LiveKitStartFailedError: with the end of the server's log.
        """
        await self.stop()  # one that ended by itself, before it is started again
        if self._settings.external is not None:
            given = self._settings.external
            return Endpoint(given.url, given.api_key, given.api_secret)
        program = await self._find()
        for attempt in range(_PORT_RACES):
            try:
                return await self._start(program)
            except LiveKitError:
                if attempt == _PORT_RACES - 1 or not ports.wants_any(self._settings):
                    raise
        raise AssertionError

    async def stop(self) -> None:
        """End the server, and everybody's connection with it, within about a second."""
        running, self._running = self._running, None
        if running is not None:
            await asyncio.shield(asyncio.to_thread(running.stop))

    async def wait(self) -> int:
        """Wait until the server ends by itself; returns its exit code."""
        if self._running is None:
            raise LiveKitError("The LiveKit server has not been started.")
        return await ended(self._running)

    @property
    def pid(self) -> int | None:
        """The server's process id; None when it isn't ours or isn't running."""
        return self._running.pid if self._running else None

    def tail(self, lines: int = 20) -> list[str]:
        """Return the last lines of the server's log."""
        return self._running.log.tail(lines) if self._running else []

    async def _find(self) -> Program:
        loop = asyncio.get_running_loop()

        def report(status: Status) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed while a fetch was being cancelled
                loop.call_soon_threadsafe(self._on_status, status)

        job = Job(self._settings.cache_dir, report)
        try:
            return await asyncio.to_thread(find, job, self._settings.sources)
        finally:
            job.cancelled.set()

    async def _start(self, program: Program) -> Endpoint:
        chosen, keys = ports.claim(self._settings), self._keys()
        self._on_status(Status("starting", f"livekit-server {program.version} on port {chosen.http}"))
        running = await self._launched(program, chosen, keys)
        try:
            await self._until_ready(running, chosen, keys)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(running.kill))
            raise
        self._running = running
        url = f"ws://127.0.0.1:{chosen.http}"
        self._on_status(Status("ready", f"livekit-server {program.version} at {url}", 1.0))
        return Endpoint(url, keys.key, keys.secret)

    async def _launched(self, program: Program, chosen: Ports, keys: KeyPair) -> Running:
        launching = asyncio.ensure_future(asyncio.to_thread(self._launch, program, chosen, keys))
        try:
            return await asyncio.shield(launching)
        except asyncio.CancelledError:
            await asyncio.to_thread((await launching).kill)
            raise

    def _launch(self, program: Program, chosen: Ports, keys: KeyPair) -> Running:
        log = ServerLog(self._settings.cache_dir / "logs")
        if isinstance(program, Engine):
            config = render(self._settings, chosen, keys, in_bridge=not program.host_network)
            return ContainerProcess(program, config, chosen, self._settings, log)
        return ServerProcess(program.path, render(self._settings, chosen, keys), log)

    def _keys(self) -> KeyPair:
        given = self._settings
        return KeyPair(given.api_key, given.api_secret) if given.api_key and given.api_secret else KeyPair.random()

    async def _until_ready(self, running: Running, chosen: Ports, keys: KeyPair) -> None:
        deadline = time.monotonic() + self._settings.ready_timeout_s
        while not await is_ready(chosen.http, keys):
            if running.exited.done():
                raise _failed(f"ended with exit code {running.exited.result()} while starting", running.log)
            if time.monotonic() > deadline:
                raise _failed(f"gave no answer within {self._settings.ready_timeout_s:.0f} s", running.log)
            await asyncio.sleep(_POLL_S)

    async def __aenter__(self) -> Endpoint:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _failed(what: str, log: ServerLog) -> LiveKitStartFailedError:
    said = "\n".join(f"  {line}" for line in log.tail(20)) or "  (nothing)"
    whole = f"\nAll of it: {log.path}" if log.path else ""
    return LiveKitStartFailedError(f"The LiveKit server {what}. It said:\n{said}{whole}")
