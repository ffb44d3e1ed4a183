"""What must hold on a walk through the product, whatever happens: judged from what clients are told."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.limits import SLOW
from support.product import Product, Usage
from support.walk_client import Phase, ProcessClient, WalkClient

TOLD_S = 5.0 * SLOW
"""Everyone concerned is told within that; `Judge.slowest` is how long it did take."""
PICTURE_S = 10.0 * SLOW
"""A viewer sees its model; a tenth of a second on an idle machine."""
PROGRESS_S = 25.0 * SLOW
"""The longest that a queue stands still with nobody served: killed processes start again with a back-off."""
JOIN_S, ORPHAN_S, ORPHAN_QUEUED_S = 4.0, 1.5, 0.5
MAX_QUEUE = 5

TICK_S = 0.05
_SAME_TIME_S = 1.0 * SLOW
"""Longer than messages stay unread on connections that are all listened to."""
_AFTERMATH_S = 10.0 * SLOW
"""What a kill may still be the reason for."""
_REASONS = {
    "return": {"model_finished"},
    "raise": {"model_error"},
    "crash": {"model_crashed"},
    "stick": set[str](),
    "poll": set[str](),
    "coordinator": set[str](),
    "worker": {"model_crashed"},
    "runtime": {"runtime_lost"},
    "livekit": {"livekit_lost", "client_left_room"},
    "room left": {"client_left_room"},
}


class WalkError(AssertionError):
    """Something that must hold didn't; tells the way that led there."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that ends sessions."""

    what: str
    at_s: float
    session_id: str | None = None
    """None: whoever has one."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Something that must become true."""

    what: str
    since_s: float
    until_s: float
    """On the judge's clock; `since_s` is on `time.monotonic`."""
    done: Callable[[], bool]
    is_telling: bool


@dataclass(frozen=True, slots=True, order=True)
class Telling:
    """Somebody was told something, so long after it could be told, whatever the machine did meanwhile."""

    after_s: float = 0.0
    what: str = "nobody was told anything"


class Judge:
    """Who asked, who waits in which order, who has the session; what is expected, and what was wrong.

    Made inside the running loop.
    """

    def __init__(self, product: Product, orders: Path, usage: dict[int, Usage]) -> None:
        self.product = product
        self.orders = orders
        self.clients: list[WalkClient] = []
        self.line: list[WalkClient] = []
        """Those who wait, in the order of asking; the first may be about to be served."""
        self.journal: list[str] = []
        self.faults: list[str] = []
        self.broken = False
        """The model doesn't load."""
        self.slowest = Telling()
        self._usage = usage
        self._numbers = 0
        self._granted: set[str] = set()
        self._causes: list[Cause] = []
        self._next_order = ""
        self._deaf: set[str] = set()
        """Sessions whose model takes no more orders."""
        self._expected: list[Expectation] = []
        self._stalled_s = 0.0
        self._vacant_s: float | None = None
        self._began_s = time.monotonic()
        self._watch = asyncio.create_task(self._watching())

    @property
    def now_s(self) -> float:
        """Time that doesn't count while this machine doesn't let us run."""
        return time.monotonic() - self._stalled_s

    @property
    def owner(self) -> WalkClient | None:
        """Who has the session."""
        return next((client for client in self.clients if client.phase is Phase.OWNER), None)

    async def until(self, done: Callable[[], bool], what: str) -> None:
        """Wait for what may take as long as killed processes take to come back."""
        await self._until(lambda: self.faults or done(), what, PROGRESS_S)

    def pick(self, number: int, *phases: Phase) -> WalkClient | None:
        """One of the clients that are in one of these phases."""
        found = [client for client in self.clients if client.phase in phases]
        return found[number % len(found)] if found else None

    def hear(self, client: WalkClient, kind: str, data: dict[str, Any]) -> None:
        """See `Listener`."""
        if client.leaving or client.phase is Phase.GONE:
            return
        out_of_turn = client.phase is Phase.WAITING and self.line[0] is not client
        if client.held or (kind == "gpu-machine-assigned" and out_of_turn):
            if not client.held:
                self._expect(f"{client} is served in turn", lambda: not client.held, _SAME_TIME_S)
            client.held.append((kind, data))
            client.answered = True
            return
        self._hear_now(client, kind, data)
        self._hear_held()

    def _hear_held(self) -> None:
        """What came by several connections at once may be heard in another order than it was said in."""
        while self.line and self.line[0].held:
            client = self.line[0]
            held, client.held = client.held, []
            for kind, data in held:
                self._hear_now(client, kind, data)

    def _hear_now(self, client: WalkClient, kind: str, data: dict[str, Any]) -> None:
        match kind:
            case "waiting-info":
                client.place, client.answered = (data["position"], data["queueLength"]), True
                if client.phase is not Phase.WAITING:
                    self._fault(f"{client} is told a place, but doesn't wait")
            case "room-prepared":
                if client.phase is not Phase.WAITING or not client.early:
                    self._fault(f"{client} is told of a room that it didn't ask for")
                elif client.viewer:
                    client.enter(data["sessionId"], data["livekitWsUrl"], data["livekitJwtToken"])
            case "gpu-machine-assigned":
                self._hear_grant(client, data)
            case "session-ended":
                self._hear_end(client, data)
            case "error":
                self._hear_error(client, data)

    def closed(self, client: WalkClient) -> None:
        """See `Listener`."""
        if client.phase in (Phase.IDLE, Phase.WAITING, Phase.OWNER):
            if not isinstance(client, ProcessClient):
                self._fault(f"the connection of {client} was closed")
            self._forget(client, Phase.GONE)

    def _hear_grant(self, client: WalkClient, data: dict[str, Any]) -> None:
        session_id, client.answered = data["sessionId"], True
        self.note(f"# {client} is granted {session_id}")
        fault = self._grant_fault(client, session_id)
        if fault:
            self._fault(fault)
        if client in self.line:
            self.line.remove(client)
        for other in self.clients:
            if other.phase is Phase.LOST and other.session_id != session_id:
                self._forget(other, Phase.GONE)
                other.leave_room()
        self._granted.add(session_id)
        client.phase, client.wants, client.place = Phase.OWNER, "", None
        client.session_id, client.token, client.granted_s = session_id, data["resumeToken"], self.now_s
        client.frames = 0
        if client.viewer:
            client.enter(session_id, data["livekitWsUrl"], data["livekitJwtToken"])
            self._expect(f"{client} sees its model", over_or(client, lambda: client.frames > 0), PICTURE_S)
        elif client.token:
            self._expect(f"{client}, who doesn't join, is sent away", over_or(client), after_s=JOIN_S)

    def _grant_fault(self, client: WalkClient, session_id: str) -> str:
        if client.wants == "RESUME_FAILED":
            return "" if session_id == client.session_id else f"{client} wanted {client.session_id} back"
        if client.phase is not Phase.WAITING:
            return f"{client} is granted a session, but doesn't wait"
        if session_id in self._granted:
            return f"{session_id} is granted a second time"
        if self.line[0] is not client:
            return f"{client} is served out of turn: {[str(other) for other in self.line]}"
        return ""

    def _hear_end(self, client: WalkClient, data: dict[str, Any]) -> None:
        reason = data["reason"]
        self.note(f"# {client} is told the end of {data['sessionId']}: {reason}")
        told = client.phase in (
            Phase.OWNER,
            Phase.LOST,
        )  # one that has just broken off may still read what was under way
        if not told or client.session_id != data["sessionId"]:
            self._fault(f"{client} is told the end of {data['sessionId']}, which it doesn't have")
            return
        if not self._is_plausible(client, reason):
            self._fault(f"the session of {client} ended without a cause: {data}")
        if client.phase is Phase.OWNER:
            client.phase = Phase.IDLE
        client.leave_room()

    def _is_plausible(self, client: WalkClient, reason: str) -> bool:
        if reason == "join_timeout":
            # A resumed session's clock ran before; a viewer's join takes long on a machine that is starting things.
            return not client.in_room and self.now_s - client.granted_s < JOIN_S + TOLD_S
        if self._next_order and reason in _REASONS[self._next_order]:
            return True
        return any(
            reason in _REASONS[cause.what]
            and cause.session_id in (None, client.session_id)
            and cause.at_s > client.granted_s - _AFTERMATH_S
            for cause in self._causes
        )

    def _hear_error(self, client: WalkClient, data: dict[str, Any]) -> None:
        code, client.answered = data["code"], True
        match code:
            case "QUEUE_FULL" | "NO_CAPACITY" if client.phase is Phase.WAITING and client.place is None:
                self._forget(client, Phase.IDLE)
            case "RESUME_FAILED" if client.wants == code:
                client.wants = ""
            case "ALREADY_IN_SESSION" | "BAD_MESSAGE" if client.wants == code:
                client.wants = ""
            case "MODEL_LOADING_FAILED" if self._recent("worker", "crash"):
                pass
            case "GPU_CONNECTION_FAILED" if self._recent("runtime", "livekit", "coordinator", "worker", "crash"):
                self.note(f"# {client} is told: {data['message']}")
                if "ask again" in data["message"]:
                    self._forget(client, Phase.IDLE)
            case _:
                self._fault(f"{client} is told an error without a cause: {data}")

    async def check(self) -> None:
        """Everything is as it must be, or will be so within the time it may take.

        Raises:
            WalkError: it isn't.
        """
        try:
            await self._until(lambda: self.faults or not self._contradiction(), "everyone knows its place")
        except WalkError:
            contradiction = self._contradiction()
            if contradiction:
                self._fault(contradiction)
        await self._reload_if_failed()
        if self.faults:
            raise WalkError(self.report())

    def _contradiction(self) -> str:
        """What clients believe that can't be so, or is not so yet."""
        owners = [str(client) for client in self.clients if client.phase is Phase.OWNER]
        if len(owners) > 1:
            return f"several owners: {owners}"
        told = [client.place for client in self.line]
        whole = [(place, len(told)) for place in range(1, len(told) + 1)]
        # The first one is out of the queue while its session is started.
        starting = [(place, len(told) - 1) for place in range(1, len(told))]
        if told != whole and told[1:] != starting:
            return f"{[str(client) for client in self.line]} believe to have the places {told}"
        return ""

    async def close(self) -> None:
        """Stop watching, and end all that is under way."""
        self._watch.cancel()
        for client in self.clients:
            client.phase = Phase.GONE
            client.drop()
            await client.finish()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watch

    def report(self) -> str:
        """The faults, and how it came to them."""
        heard = [
            f"{client} ({client.phase.value}): {line}" for client in self.clients for line in list(client.heard)[-8:]
        ]
        parts = {
            "faults": self.faults,
            "journal": self.journal,
            "clients": heard,
            "the product's log": list(self.product.log)[-80:],
        }
        return "\n".join(line for title, lines in parts.items() for line in ("", f"--- {title}", *lines))

    def note(self, line: str) -> None:
        """Write into the journal."""
        self.journal.append(f"{line}  # {time.monotonic() - self._began_s:.2f} s")

    def _forget(self, client: WalkClient, phase: Phase) -> None:
        client.phase, client.place = phase, None
        client.held = []
        if client in self.line:
            self.line.remove(client)

    async def _until(self, done: Callable[[], Any], what: str, limit_s: float = TOLD_S) -> None:
        since_s, until_s = time.monotonic(), self.now_s + limit_s
        while not done():
            if self.now_s > until_s:
                raise WalkError(f"not within {limit_s:g} s: {what}\n{self.report()}")
            await asyncio.sleep(0.01)
        if limit_s == TOLD_S:
            self._told(what, since_s)

    async def _reload_if_failed(self) -> None:
        """A model that crashed three times in a row waits for a person."""
        answer = await self.product.ask_runtime("GET", "/ready")
        if answer is not None and answer.json().get("state") == "failed":
            self._vacant_s = None
            if not self.broken and self._recent("worker", "crash"):
                self.note("# the model is loaded again on request")
                await self.product.ask_runtime("POST", "/reload")

    def _because(self, what: str, session_id: str | None = None) -> None:
        self._causes.append(Cause(what, self.now_s, session_id))

    def _recent(self, *what: str) -> bool:
        if self._next_order in what:
            return True
        return any(cause.what in what and self.now_s - cause.at_s < 2 * _AFTERMATH_S for cause in self._causes)

    def _fault(self, text: str) -> None:
        self.note(f"# FAULT: {text}")
        self.faults.append(text)

    def _expect(self, what: str, done: Callable[[], bool], limit_s: float = TOLD_S, *, after_s: float = 0.0) -> None:
        """Have something become true within `limit_s`, which begin in `after_s`."""
        since_s, until_s = time.monotonic() + after_s, self.now_s + after_s + limit_s
        self._expected.append(Expectation(what, since_s, until_s, done, is_telling=limit_s == TOLD_S))

    def _told(self, what: str, since_s: float) -> None:
        self.slowest = max(self.slowest, Telling(time.monotonic() - since_s, what))

    def _expect_end(self, when: str, after_s: float = 0.0) -> None:
        owner = self.owner
        if owner is not None:
            self._expect(f"{owner} is told the end {when}", over_or(owner), after_s=after_s)

    async def _watching(self) -> None:
        """Judge what takes time."""
        last_s = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now_s = time.monotonic()
            self._stalled_s += max(0.0, now_s - last_s - 3 * TICK_S)
            last_s = now_s
            for expectation in list(self._expected):
                if expectation.done():
                    self._expected.remove(expectation)
                    if expectation.is_telling:
                        self._told(expectation.what, expectation.since_s)
                elif self.now_s > expectation.until_s:
                    self._expected.remove(expectation)
                    self._fault(f"not in time: {expectation.what}")
            self._hear_held()
            self._watch_progress()
            self._watch_pictures()

    def _watch_progress(self) -> None:
        served = any(client.phase in (Phase.OWNER, Phase.LOST) for client in self.clients)
        if served or not self.line or self.broken:
            self._vacant_s = None
        elif self._vacant_s is None:
            self._vacant_s = self.now_s
        elif self.now_s - self._vacant_s > PROGRESS_S:
            self._fault(f"nobody is served, although {[str(client) for client in self.line]} wait")
            self._vacant_s = self.now_s

    def _watch_pictures(self) -> None:
        owner = self.owner
        if owner is None or not owner.viewer or not owner.frames or self._expected:
            return
        if owner.in_room and time.monotonic() - owner.last_frame_s > TOLD_S + self._stalled_s:
            self._fault(f"{owner} gets no more pictures")
            owner.last_frame_s = time.monotonic()


def over_or(client: WalkClient, done: Callable[[], bool] = lambda: False) -> Callable[[], bool]:
    """The session that the client has now is over, or something else is done."""
    session_id = client.session_id
    return lambda: client.phase is not Phase.OWNER or client.session_id != session_id or done()
