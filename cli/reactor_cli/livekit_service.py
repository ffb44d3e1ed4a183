"""LiveKit as a part of the stack: started by the launcher, started again when it dies."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from reactor_cli.livekit_server import LiveKitServer, LiveKitSettings, LiveKitStartFailedError, Status
from reactor_cli.restart import RestartPolicy
from reactor_cli.service import OnExit, ServiceGaveUpError, give_up_text
from reactor_cli.status import Notice

_FAILED_START = 1


class LiveKitService:
    """Keeps a LiveKit server running with the same ports and key.

    Args:
        settings: Of the launcher, `api_key` and `api_secret` given.
        on_status: Told what the launcher does (looking, downloading …).
    """

    name = "livekit"

    def __init__(
        self,
        settings: LiveKitSettings,
        on_status: Callable[[Status], None],
        on_exit: OnExit,
    ) -> None:
        self._server = LiveKitServer(settings, on_status)
        self._on_exit = on_exit
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Of the current process; None between two."""
        return self._server.pid

    async def run(self) -> None:
        """Keep it running until `stop`.

        Raises:
            LiveKitError: it can't be had.
            ServiceGaveUpError: it failed too often in a row without having come up.
        """
        policy = RestartPolicy()
        while not self._stopping:
            started, came_up = time.monotonic(), False
            try:
                await self._server.start()
                came_up = True
                code = await self._server.wait()
                tail = self._server.tail()
            except LiveKitStartFailedError as error:
                code, tail = _FAILED_START, str(error.message).splitlines()
            if self._stopping:
                return
            await self._server.stop()
            policy, delay_s = policy.after_exit(time.monotonic() - started, code, came_up=came_up)
            if delay_s is None:
                raise ServiceGaveUpError(give_up_text(self.name, code, tail))
            self._on_exit(self.name, code, delay_s)
            await asyncio.sleep(delay_s)

    async def stop(self, grace_s: float) -> None:
        """End it: the launcher's own way takes about a second at most."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.stop(), grace_s)

    def kill(self) -> None:
        """End it at once: it can't live without its lifeline, which ends with this process."""
        self._stopping = True


class FetchNews:
    """Tells once when the launcher begins to download or build and why it has to, and knows how far it is.

    Args:
        notify: Gets one notice a stage, and each way that is passed over; while verbose, everything the launcher says.
    """

    def __init__(self, notify: Callable[[Notice], None], *, verbose: bool) -> None:
        self._notify = notify
        self._verbose = verbose
        self._stage = ""
        self.now = ""
        """Empty when nothing is being fetched."""

    def __call__(self, status: Status) -> None:
        """Take what the launcher says."""
        fetching = status.stage in ("downloading", "building")
        if self._verbose or status.stage == "looking" or (fetching and status.stage != self._stage):
            self._notify(Notice("livekit", f"LiveKit, {status.stage}: {status.message}"))
        share = "" if status.progress is None else f" ({status.progress:.0%})"
        self.now = f"{status.stage} {status.message}{share}" if fetching else ""
        self._stage = status.stage


class GivenLiveKit:
    """A LiveKit server that runs already, somebody else's to look after."""

    name = "livekit"
    pid = None

    async def run(self) -> None:
        """Do nothing until cancelled."""
        await asyncio.Event().wait()

    async def stop(self, grace_s: float) -> None:
        """Do nothing."""

    def kill(self) -> None:
        """Do nothing."""
