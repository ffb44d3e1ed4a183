"""A random walk through the product: what may happen, and what must hold whatever happens.

`Walk` knows who asked, who waits in which order and who has the session, from what it did and what its clients were
told. Every message is judged as it comes; `check` judges the whole after a step; `calm` lets everything come to rest
and looks for what was left. Everything done is in the journal, which is the reproduction: each line is a call.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from websockets.exceptions import WebSocketException

from reactor_client import ReactorClient
from support.viewer import numbered
from support.walk_client import Phase, ProcessClient, WalkClient
from support.walk_judge import (
    JOIN_S,
    MAX_QUEUE,
    ORPHAN_QUEUED_S,
    ORPHAN_S,
    PICTURE_S,
    PROGRESS_S,
    TICK_S,
    TOLD_S,
    Judge,
    WalkError,
)

FLAGS = ("--join-timeout", str(JOIN_S), "--orphan-timeout", str(ORPHAN_S), "--max-queue", str(MAX_QUEUE))
ENVIRONMENT = {"REACTOR_ORPHAN_TIMEOUT_QUEUED": str(ORPHAN_QUEUED_S)}

_MORE_THREADS, _MORE_FDS, _MORE_MIB = 12, 16, 120.0
"""What a part may hold beyond what it held at its first rest: pools that grow to their size, allocators."""


class Walk(Judge):
    """One walk on a running product: take steps, `check` after each, `calm` it at the end, `close`."""

    async def arrive(
        self, *, viewer: bool = False, early: bool = False, queueing: bool = True, ask: bool = True
    ) -> WalkClient:
        """Somebody connects, and asks for a session."""
        self._numbers += 1
        client = WalkClient(self._numbers, self, viewer=viewer, early=early)
        self.note(f"{client} = await walk.arrive({viewer=}, {early=}, {queueing=}, {ask=})")
        await self._connect(client)
        if ask:
            await self.ask(client, queueing=queueing, noted=True)
        return client

    async def arrive_as_process(self) -> WalkClient:
        """Somebody comes who can be killed."""
        self._numbers += 1
        client = ProcessClient(self._numbers, self)
        self.note(f"{client} = await walk.arrive_as_process()")
        await self.product.until(self._coordinator_answers, "the coordinator answers", PROGRESS_S)
        self.clients.append(client)
        self._begin_to_wait(client)
        await client.open(self.product.url)
        await self._until(lambda: client.answered or not client.is_open, f"{client} is answered", 2 * PICTURE_S)
        return client

    async def ask(self, client: WalkClient, *, queueing: bool = True, noted: bool = False) -> None:
        """It asks for a session (again)."""
        if isinstance(client, ProcessClient):
            return
        if not noted:
            self.note(f"await walk.ask({client}, {queueing=})")
        if client.phase is Phase.IDLE:
            self._begin_to_wait(client)
        else:
            client.answered, client.wants = False, "ALREADY_IN_SESSION"
        setup = {"modelName": "walker", "modelVersion": "1", "queueing": queueing, "prepared": client.early}
        await client.say("sessionSetup", setup)
        await self._until_answered(client)

    async def leave(self, client: WalkClient, how: str) -> None:
        """It leaves: `end` (and stays connected), `close`, or `drop`."""
        self.note(f"await walk.leave({client}, {how!r})")
        had_session = client.phase is Phase.OWNER
        if how == "end" and not isinstance(client, ProcessClient):
            self._forget(client, Phase.IDLE)
            client.leaving = True
            await client.say("sessionEnd", {})
            echo = await client.probe()
            client.leave_room()
            await self._until(lambda: client.echoes >= echo or not client.is_open, f"{client} gets its echo")
            client.leaving = False
        elif how == "close" and not isinstance(client, ProcessClient):
            self._forget(client, Phase.GONE)
            await client.close()
        else:
            self._forget(client, Phase.LOST if had_session and client.token else Phase.GONE)
            client.drop()

    async def resume(self, lost: WalkClient) -> WalkClient:
        """It comes back by a new connection."""
        self._numbers += 1
        client = WalkClient(self._numbers, self, viewer=lost.viewer)
        self.note(f"{client} = await walk.resume({lost})")
        await self._connect(client)
        client.wants, client.session_id = "RESUME_FAILED", lost.session_id
        if lost.phase is Phase.LOST:
            lost.phase = Phase.GONE
        await client.say("sessionSetup", {"modelName": "walker", "modelVersion": "1", "resumeToken": lost.token})
        await self._until_answered(client)
        lost.leave_room()
        return client

    async def babble(self, client: WalkClient, raw: str | bytes) -> None:
        """It sends what nobody understands: that is answered, and nothing else happens."""
        if isinstance(client, ProcessClient):
            return
        self.note(f"await walk.babble({client}, {raw!r})")
        before, client.wants = len(client.heard), "BAD_MESSAGE"
        await client.send(raw)
        await self._until(lambda: len(client.heard) > before or not client.is_open, f"{client} is answered")

    async def leave_room(self, client: WalkClient) -> None:
        """It leaves the room, but not the session."""
        self.note(f"await walk.leave_room({client})")
        if client.in_room and client.phase is Phase.OWNER:
            self._because("room left", client.session_id)
            client.leave_room()
            self._expect_end(f"after {client} left its room")

    def order(self, what: str, *, upcoming: bool = False) -> None:
        """Let the model `return`, `raise`, `crash`, `poll`, or `stick`: now, or as soon as its next session begins."""
        self.note(f"walk.order({what!r}, {upcoming=})")
        owner = self.owner
        if upcoming:
            self._next_order = what
            _write(self.orders / "next", what)
        elif owner is not None and owner.token and owner.session_id not in self._deaf:
            self._because(what, owner.session_id)
            _write(self.orders / owner.session_id, what)
            if what in ("stick", "poll"):
                self._deaf.add(owner.session_id)
            else:
                self._expect_end(f"after the order to {what}", after_s=1.0)

    def kill(self, name: str) -> None:
        """SIGKILL a part of the product: `coordinator`, `runtime`, `worker`, `livekit`."""
        if not self.product.kill(name):
            self.note(f"# no {name} to kill now")
            return
        self.note(f"walk.kill({name!r})")
        self._because(name)
        self._vacant_s = None
        if name != "coordinator":
            self._expect_end(f"after {name} was killed")
            return
        for client in [*self.line, *self.clients]:
            if client.phase in (Phase.WAITING, Phase.OWNER, Phase.IDLE):
                had = client.phase is Phase.OWNER and client.token and client.is_open
                self._forget(client, Phase.LOST if had else Phase.GONE)
                # A process asks for its session again until the coordinator is back, which says no.
                limit_s = PROGRESS_S if isinstance(client, ProcessClient) else TOLD_S
                self._expect(f"{client} loses its connection", lambda client=client: not client.is_open, limit_s)  # type: ignore[misc]

    async def break_model(self) -> None:
        """The model's process dies and its next one doesn't load."""
        self.note("await walk.break_model()")
        self.broken = True
        _write(self.orders / "broken", "yes")
        self.kill("worker")

    async def mend_model(self) -> None:
        """It loads again."""
        self.note("await walk.mend_model()")
        self.broken, self._vacant_s = False, None
        (self.orders / "broken").unlink(missing_ok=True)
        await self._reload_if_failed()

    async def pause(self, seconds: float) -> None:
        """Time passes."""
        self.note(f"await walk.pause({seconds:g})")
        await asyncio.sleep(seconds)

    async def calm(self) -> None:
        """Everyone leaves; nothing is left; somebody new gets a picture."""
        for client in self.clients:
            if client.is_open:
                await self.leave(client, "close" if client.number % 2 else "end")
        self.note("await walk.calm()")
        for file in self.orders.iterdir():
            file.unlink()
        self.broken, self._next_order = False, ""
        await self.check()
        await self._until(lambda: self.faults or not self._expected, "all that was expected", PROGRESS_S)
        for client in self.clients:
            await client.close()
            await client.finish()
        self.clients.clear()
        await self._at_rest()
        await self._somebody_new()
        await self._at_rest()
        self._expect_usage()
        await self._until(lambda: self.faults or not self._expected, "bounded use", PROGRESS_S)
        if self.faults:
            raise WalkError(self.report())

    async def _at_rest(self) -> None:
        await self._until_true(self._is_ready, "ready for a session", PROGRESS_S)
        await self._until_true(self._is_empty, "nobody is there any more", TOLD_S)
        await self._until_true(self._rooms_gone, "one room at most", PROGRESS_S)

    async def _is_ready(self) -> bool:
        await self._reload_if_failed()
        return len(self.product.parts()) == 4 and await self.product.is_ready()

    async def _is_empty(self) -> bool:
        answer = await self.product.get("/health")
        if answer is None:
            return False
        found = answer.json()
        return (found["active_connections"], found["queue_length"], found["session"]) == (0, 0, None)

    async def _rooms_gone(self) -> bool:
        rooms = await self.product.rooms()
        return rooms is not None and len(rooms) <= 1

    async def _somebody_new(self) -> None:
        client = ReactorClient(self.product.url)
        try:
            await client.connect(PROGRESS_S)
            await numbered(client.frames())
        except Exception as error:  # noqa: BLE001 - told with the way that led there
            self._fault(f"a new client gets no picture: {error!r}")
        finally:
            await client.disconnect()

    def _expect_usage(self) -> None:
        for name, now in self.product.usage().items():
            before = self._usage.setdefault(now.pid, now)
            self._expect(f"{name} holds no more than {before}", lambda name=name: self._is_bounded(name), PICTURE_S)  # type: ignore[misc]
        # `reactor run`, four parts, and a guard for each of these processes.
        self._expect("no stray process", lambda: len(self.product.marked()) <= 10, PICTURE_S)

    def _is_bounded(self, name: str) -> bool:
        now = self.product.usage().get(name)
        if now is None:
            return False
        before = self._usage[now.pid]
        return (
            now.threads <= before.threads + _MORE_THREADS
            and now.fds <= before.fds + _MORE_FDS
            and now.rss_mib <= before.rss_mib + _MORE_MIB
        )

    async def _connect(self, client: WalkClient) -> None:
        deadline_s = self.now_s + PROGRESS_S
        while True:
            try:
                await client.open(self.product.url)
            except (OSError, WebSocketException):
                if self.now_s > deadline_s:
                    raise WalkError(f"the coordinator takes no connection\n{self.report()}") from None
                await asyncio.sleep(TICK_S)
            else:
                self.clients.append(client)
                return

    def _begin_to_wait(self, client: WalkClient) -> None:
        client.phase, client.place, client.answered, client.wants = Phase.WAITING, None, False, ""
        self.line.append(client)

    async def _until_answered(self, client: WalkClient) -> None:
        await self._until(lambda: client.answered or not client.is_open, f"{client} is answered")

    async def _coordinator_answers(self) -> bool:
        return await self.product.get("/health") is not None

    async def _until_true(self, done: Callable[[], Awaitable[bool]], what: str, limit_s: float) -> None:
        until_s = self.now_s + limit_s
        while not await done():
            if self.now_s > until_s:
                raise WalkError(f"not within {limit_s:g} s: {what}\n{self.report()}")
            await asyncio.sleep(TICK_S)


def _write(file: Path, text: str) -> None:
    """In one piece, for a reader at any time."""
    draft = file.with_suffix(".draft")
    draft.write_text(text)
    draft.rename(file)
