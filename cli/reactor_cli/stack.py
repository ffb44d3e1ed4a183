"""The three processes of `reactor run`: started together, watched, ended in order."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reactor_cli.display.base import Display
from reactor_cli.look import Endpoints, look
from reactor_cli.service import Service, describe_exit
from reactor_cli.status import Notice, StackStatus, changes

_STARTING_POLL_S = 0.05  # what "ready" may be late by
_DOWNLOADING_POLL_S = 0.25  # what a progress bar needs
_RUNNING_POLL_S = 1.0  # three small requests: well below a percent of a core
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Member:
    """A service and how long it may take to end; the graces of a stack add up to less than 5 s."""

    service: Service
    grace_s: float


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the "ready" line says.

    Args:
        model: Name and version.
        page_url: For a browser.
        socket_url: For front ends.
        started_s: `time.monotonic()` at the command's start.
    """

    model: str
    page_url: str
    socket_url: str
    started_s: float


class Stack:
    """Runs until it is told to end, or a part fails for good.

    Args:
        members: In the order of ending: who tells the clients comes first.
        at: Where to look how it is going.
        display: Shows it.
        fetching: Says how the LiveKit server is being had, while it is.
    """

    def __init__(
        self,
        members: Sequence[Member],
        at: Endpoints,
        display: Display,
        welcome: Welcome,
        fetching: Callable[[], str],
    ) -> None:
        self._fetching = fetching
        self._members = members
        self._at = at
        self._display = display
        self._welcome = welcome
        self._asked: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP; a second one ends this process on the spot, and all others with it.

        Raises:
            CliError: a part failed for good; the others have been ended.
        """
        loop = asyncio.get_running_loop()
        self._asked = loop.create_future()
        for number in _ENDS:
            loop.add_signal_handler(number, self._on_signal, number)
        running = [asyncio.create_task(member.service.run(), name=member.service.name) for member in self._members]
        watching = asyncio.create_task(self._watch(), name="watch")
        try:
            await asyncio.wait({self._asked, watching, *running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            failed = [task for task in (*running, watching) if task.done()]
            watching.cancel()
            await self._end(running)
        for task in failed:
            task.result()

    def _on_signal(self, number: int) -> None:
        assert self._asked is not None  # noqa: S101 - set before the handlers
        if not self._asked.done():
            self._asked.set_result(None)
            return
        for member in self._members:
            member.service.kill()
        self._display.close()
        os._exit(128 + number)  # what is left dies with our ends of the lifelines

    async def _end(self, running: Sequence["asyncio.Task[None]"]) -> None:
        self._display.close()
        self._display.notice(Notice("stopping", "Ending; a second Ctrl-C ends it at once"))
        for member, task in zip(self._members, running, strict=True):
            await member.service.stop(member.grace_s)
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _watch(self) -> None:
        before, announced = StackStatus(), False
        self._display.status(before)
        while True:
            now = replace(await look(self._at), fetching=self._fetching())
            for notice in changes(before, now):
                self._display.notice(notice)
            if now.accepting and not announced and now.phase != "failed":
                announced = True
                self._announce()
            self._display.status(now)
            before = now
            await asyncio.sleep(_pause_s(now, announced=announced))

    def _announce(self) -> None:
        told = self._welcome
        took_s = time.monotonic() - told.started_s
        text = f"Ready in {took_s:.1f} s: {told.model} at {told.page_url}, for front ends {told.socket_url}"
        fields = {"seconds": round(took_s, 3), "url": told.page_url, "websocket_url": told.socket_url}
        self._display.notice(Notice("ready", text, fields=fields))


def _pause_s(status: StackStatus, *, announced: bool) -> float:
    if status.download is not None:
        return _DOWNLOADING_POLL_S
    return _RUNNING_POLL_S if announced else _STARTING_POLL_S


def exit_notice(name: str, code: int, delay_s: float) -> Notice:
    """Tell that a process ended without having been asked to."""
    when = f"again in {delay_s:g} s" if delay_s else "again now"
    text = f"{name} ended unexpectedly ({describe_exit(code)}); it is started {when}"
    return Notice("restarting", text, "error", {"part": name, "exit_code": code})
