"""The product as users run it: `reactor run` on free ports, its processes by name, what they use, what they leave."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from livekit import api

from reactor_cli.child import Child, ChildSpec
from reactor_cli.restart import DELAYS_S, RestartPolicy
from support.limits import PATIENCE_S, SLOW
from support.plain_http import plain_http
from support.ports import free_ports
from support.stack import TESTS

PARTS = {
    "coordinator": "-m reactor_coordinator",
    "worker": "-m reactor_runtime.worker",
    "runtime": "-m reactor_runtime ",
    "livekit": "livekit-server --config",
}
"""What the command line of each part contains; the first that fits counts."""

START_S = 2 * PATIENCE_S
"""1.5 s on an idle machine."""
END_S = 5.0 * SLOW
"""The whole product ends within that, whatever is going on."""
_ANSWER_S = 5.0 * SLOW
_CLOCK_S = 2.0  # what a process's start, counted since boot, may be off by
_UP_S = 5.0  # one that listens has come up by then, as far as one can tell from outside; a second on an idle machine
_LOG_LINES = 4000
_POLL_S = 0.05
_MARK = "REACTOR_TEST_PRODUCT"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds."""

    pid: int
    threads: int
    fds: int
    rss_mib: float


@dataclass(slots=True)
class Product:
    """A running `reactor run`; made by `start`."""

    folder: Path
    ports: dict[str, int]
    child: Child
    mark: str
    """In the environment of each of its processes, wherever they end up."""
    runtime_key: str = field(repr=False)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))
    policies: dict[str, RestartPolicy] = field(default_factory=dict)

    @classmethod
    async def start(cls, folder: Path, *, flags: Sequence[str] = (), env: Mapping[str, str] | None = None) -> "Product":
        """Start it and wait until a session can begin."""
        names = ("coordinator", "runtime", "livekit", "media-tcp", "media-udp")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        mark, key = secrets.token_hex(8), secrets.token_hex(16)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REACTOR_", "LIVEKIT_"))}
        cache = {name: os.environ[name] for name in ("REACTOR_CACHE_DIR",) if name in os.environ}
        ours = {"REACTOR_RUNTIME_KEY": key, "REACTOR_VERBOSE": "true", "PYTHONPATH": str(TESTS), _MARK: mark}
        argv = [sys.executable, "-P", "-m", "reactor_cli", "run", "--log-format", "json", "--path", str(folder)]
        argv += [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]
        log: deque[str] = deque(maxlen=_LOG_LINES)
        spec = ChildSpec("reactor run", [*argv, *flags], kept | cache | ours | dict(env or {}))
        product = cls(folder, ports, await Child.start(spec, log.append), mark, key, log)
        await product.until(product.is_ready, "ready", START_S)
        return product

    @property
    def url(self) -> str:
        """The coordinator's WebSocket."""
        return f"ws://127.0.0.1:{self.ports['coordinator']}/ws"

    async def get(self, path: str) -> httpx.Response | None:
        """Ask the coordinator; None: it doesn't answer."""
        return await self._ask("GET", self.ports["coordinator"], path)

    async def ask_runtime(self, method: str, path: str) -> httpx.Response | None:
        """Ask the runtime server; None: it doesn't answer."""
        return await self._ask(method, self.ports["runtime"], path)

    async def _ask(self, method: str, port: int, path: str) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {self.runtime_key}"}
        async with plain_http(headers, limit_s=_ANSWER_S) as client:
            try:
                return await client.request(method, f"http://127.0.0.1:{port}{path}")
            except httpx.TransportError:
                return None

    async def is_ready(self) -> bool:
        """A session could begin now."""
        answer = await self.get("/ready")
        return answer is not None and answer.status_code == httpx.codes.OK

    async def until(self, done: Callable[[], Any], what: str, limit_s: float) -> None:
        """Wait for `done` (a plain or an async function)."""
        deadline_s = time.monotonic() + limit_s
        while True:
            found = done()
            if await found if asyncio.iscoroutine(found) else found:
                return
            if time.monotonic() > deadline_s:
                raise AssertionError(f"not within {limit_s:g} s: {what}")
            await asyncio.sleep(_POLL_S)

    async def rooms(self) -> list[str] | None:
        """Names of all rooms on its LiveKit server; None: it can't be asked at the moment."""
        coordinator = self.parts().get("coordinator")
        if coordinator is None:
            return None
        try:
            environment = coordinator.environ()
            url = f"http://127.0.0.1:{self.ports['livekit']}"
            async with (
                asyncio.timeout(_ANSWER_S),
                api.LiveKitAPI(url, environment["LIVEKIT_API_KEY"], environment["LIVEKIT_API_SECRET"]) as livekit,
            ):
                found = await livekit.room.list_rooms(api.ListRoomsRequest())
        except Exception:  # noqa: BLE001 - on the way up or down; the caller asks again
            return None
        return [room.name for room in found.rooms]

    # --- processes ----------------------------------------------------------------------------------------------

    def parts(self) -> dict[str, psutil.Process]:
        """The processes that serve, by name; one that is being started again is missing."""
        found: dict[str, psutil.Process] = {}
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                line = " ".join(process.cmdline())
                name = next((name for name, text in PARTS.items() if text in line), None)
                if name is not None and "lifeline.py" not in line and process.status() != psutil.STATUS_ZOMBIE:
                    found.setdefault(name, process)
        return found

    def family(self) -> list[psutil.Process]:
        """All processes under `reactor run`, guards included."""
        try:
            return psutil.Process(self.child.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def marked(self) -> list[psutil.Process]:
        """All processes of this product, even those that lost their parents."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(_MARK) == self.mark:
                    found.append(process)
        return found

    def kill(self, name: str) -> bool:
        """SIGKILL a part. False: it isn't there now, or `reactor run` would soon give it up for good.

        That happens to those that are killed again and again while they start.
        """
        process = self.parts().get(name)
        if process is None:
            return False
        if name != "worker":
            ran_s = time.time() - process.create_time() - _CLOCK_S
            policy, _ = self.policies.get(name, RestartPolicy()).after_exit(
                ran_s, -signal.SIGKILL, came_up=ran_s > _UP_S and _listens(process)
            )
            if policy.failed_starts >= len(DELAYS_S):
                return False
            self.policies[name] = policy
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
        return True

    def usage(self) -> dict[str, Usage]:
        """What each part holds."""
        found: dict[str, Usage] = {}
        for name, process in self.parts().items():
            with contextlib.suppress(psutil.Error):
                rss_mib = process.memory_info().rss / 2**20
                found[name] = Usage(process.pid, process.num_threads(), process.num_fds(), rss_mib)
        return found

    async def stop(self) -> None:
        """End it as a user does, in whatever state it is; nothing may be left.

        Raises:
            AssertionError: it took too long, or something is left.
        """
        began_s = time.monotonic()
        self.child.terminate()
        try:
            async with asyncio.timeout(2 * END_S):
                code = await self.child.wait()
        except TimeoutError:
            self.child.kill()
            raise AssertionError("`reactor run` doesn't end") from None
        took_s = time.monotonic() - began_s
        await self.until(lambda: not self.marked(), "no process left", END_S)
        assert code == 0, f"`reactor run` ended with {code}"
        assert took_s < END_S, f"ending took {took_s:.1f} s"

    def told(self, event: str) -> list[dict[str, Any]]:
        """The records of that event in the log of `reactor run`."""
        found = []
        for line in self.log:
            with contextlib.suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict) and record.get("event") == event:
                    found.append(record)
        return found


def _listens(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(connection.status == psutil.CONN_LISTEN for connection in process.net_connections("tcp"))
    return False
