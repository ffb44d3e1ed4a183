"""Who has the model, who is next, and what that takes: decisions only, no effects.

`Broker.handle(event, now)` changes the state and returns what is to be done, in order. It never waits, reads no clock
and talks to nobody; `coordinator` does that, and tells the results as further events. Invariants (walked by the tests):
at most one session is granting or active; sessions are granted in the order of asking; everyone who waits has been told
the place it has; a granted session is announced once and its end is told once, unless its client left.
"""

from math import inf, isfinite

from reactor_coordinator import notices
from reactor_coordinator.events import (
    Asked,
    AskSnapshot,
    Effect,
    Event,
    Left,
    RoomFailed,
    RoomMade,
    RoomsLost,
    RoomsSwept,
    RuntimeDoubted,
    RuntimeGone,
    RuntimeSaid,
    ShowRoom,
    ShutDown,
    SocketClosed,
    SocketOpened,
    Start,
    Started,
    StartRefused,
    StopUnknown,
    Tell,
    Tick,
)
from reactor_coordinator.runtime_side import RuntimeSide
from reactor_coordinator.session import GRANT_LIMIT_S, Session, State, Trigger
from reactor_coordinator.standby import AFTER_GRANT_S, Wish
from reactor_protocol.frontend import EndReason, SessionSetupData, WaitingReason

MAX_ATTEMPTS = 3
"""Starts that may fail before a client is sent away: the next one in the queue may have more luck."""

SHUTDOWN_RELEASE_S = 1.0
"""How long the runtime may take to leave its rooms while we shut down (two seconds are given for everything)."""

QUIET_S = 1.0
"""Publishing a track takes a quarter second: a client that asks meanwhile isn't told to wait before its grant."""


class Broker(RuntimeSide):
    """Decides; everything it needs to know comes by `handle`."""

    _quiet_until_s = inf
    """While the head of the queue only waits for its room, which is being made; inf: it doesn't; -inf: too long."""

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take an event in; return what is to be done about it, in order."""
        self._out = []
        self._take(event, now)
        self._pass_deadlines(now)
        self._grant_next(now)
        self._plan_standby(now)
        self._plan_quiet(now)
        self._tell_waiting()
        return self._out

    def deadline_s(self) -> float:
        """When `Tick` has something to do (inf: never)."""
        times = [limit for limit, _ in self.leaving.values()]
        if isfinite(self._quiet_until_s):
            times.append(self._quiet_until_s)
        if self._can_make_rooms():
            times.append(self.keeper.deadline_s(publish_until_s=inf if len(self.line) else self._likely_until_s))
        if self.current is not None:
            times.append(self._session_deadline(self.current)[0])
        return min(times, default=inf)

    @property
    def rooms_in_use(self) -> frozenset[str]:
        """The session ids whose rooms must exist."""
        standby = self.keeper.standby
        found = {self.current.session_id} if self.current is not None else set()
        return frozenset(found | ({standby.session_id} if standby is not None and standby.ready else set()))

    # Events

    def _take(self, event: Event, now: float) -> None:  # noqa: C901, PLR0912 - one line an event
        match event:
            case SocketOpened(client):
                self._clients[client] = None
                self._make_likely(now)
            case SocketClosed(client, clean):
                self._close(client, clean=clean, now=now)
            case Asked(client, setup):
                self._ask(client, setup, now)
            case Left(client):
                self._leave(client, now)
            case RoomMade(session_id):
                self._do(self.keeper.made(session_id, now), now)
            case RoomFailed(session_id):
                self._room_failed(event, now)
            case RoomsLost(session_ids, message):
                self._rooms_lost(session_ids, message, now)
            case Started(session_id):
                self._started(session_id, now)
            case StartRefused(session_id):
                self._refused(event, now)
            case StopUnknown(session_id):
                self._released(session_id)
            case RuntimeSaid(said, opened_s):
                self._runtime_said(said, opened_s, now)
            case RuntimeDoubted():
                self.runtime.doubted = True
            case RuntimeGone(message):
                self.runtime.state = "unreachable"
                self._lose_runtime(f"the model's server doesn't answer any more ({message})", now)
            case RoomsSwept():
                self._swept = True
            case ShutDown():
                self._shut_down(now)
            case Tick():
                pass

    def _close(self, client: int, *, clean: bool, now: float) -> None:
        session = self._clients.pop(client, None)
        if session is None or session.client != client:
            return
        if clean or session.state is not State.ACTIVE:
            self._withdraw(session, now)
        else:
            session.client, session.lost_s = None, now

    def _leave(self, client: int, now: float) -> None:
        session = self._clients.get(client)
        if session is not None:
            self._clients[client] = None
            self._withdraw(session, now)

    def _withdraw(self, session: Session, now: float) -> None:
        """Its client doesn't want it any more, and is told nothing."""
        session.client = None
        match session.state:
            case State.QUEUED:
                self.line.remove(session)
                session.advance(Trigger.LEAVE)
            case State.GRANTING:
                session.advance(Trigger.LEAVE)
                self._put_away(session, now)
            case State.ACTIVE:
                self._end(session, None, now)
            case _:
                pass

    def _ask(self, client: int, setup: SessionSetupData, now: float) -> None:
        if self.shutting_down:
            self._out.append(Tell(client, notices.shutting_down()))
        elif setup.resume_token is not None:
            self._resume(client, setup.resume_token, now)
        elif self._clients.get(client) is not None:
            self._out.append(Tell(client, notices.already_in_session()))
        elif self._policy.strict_model_name and setup.model_name != self.runtime.model_name:
            self._out.append(Tell(client, notices.unknown_model(setup.model_name, self.runtime.model_name)))
        elif not setup.queueing and (self.current is not None or len(self.line)):
            self._out.append(Tell(client, notices.no_capacity()))
        elif self.line.full:
            self._out.append(Tell(client, notices.queue_full(len(self.line))))
        else:
            self._join_line(client, setup)

    def _join_line(self, client: int, setup: SessionSetupData) -> None:
        session = Session(client, self._new_id(), self._codecs(setup.video_codecs), takes_prepared=setup.prepared)
        self._clients[client] = session
        self.line.append(session)
        if self.runtime.state == "failed":
            self._out.append(Tell(client, notices.loading_failed(self.runtime.error)))

    def _codecs(self, wanted: list[str]) -> tuple[str, ...]:
        first = self._policy.video_codec
        if first is not None and (first in wanted or not wanted):
            return (first,)
        return tuple(wanted)

    def _resume(self, client: int, token: str, now: float) -> None:
        session, held = self.current, self._clients.get(client)
        if session is None or session.state is not State.ACTIVE or session.resume_token != token:
            self._out.append(Tell(client, notices.resume_failed()))
            return
        if held is not None and held is not session:
            self._out.append(Tell(client, notices.already_in_session()))
            return
        if session.client is not None:
            self._clients[session.client] = None
        self._clients[client] = session
        session.client, session.lost_s = client, None
        self._make_likely(now)
        self._assign(session, client)

    # Grants

    def _grant_next(self, now: float) -> None:
        standby, session = self.keeper.standby, self.line.head
        if self.current is not None or session is None or self.shutting_down:
            return
        if self.runtime.state != "ready" or self.runtime.doubted:
            return
        if standby is None or not standby.ready or self._shown_to_other(session):
            return
        self.line.pop()
        session.advance(Trigger.GRANT)
        room = self.keeper.take()
        session.session_id, session.identity = room.session_id, room.identity
        session.limit_s, session.doubtful, session.told = now + GRANT_LIMIT_S, False, None
        session.attempts += 1
        self.current = session
        # Until the runtime says otherwise; its own events come later than this.
        self.runtime.state = "starting"
        self.keeper.not_before_s = now + GRANT_LIMIT_S
        self._out.append(Start(session.session_id, session.identity, session.codecs))

    def _started(self, session_id: str, now: float) -> None:
        session = self.current
        if session is None or session.session_id != session_id:
            # Its client left meanwhile, or the runtime was lost: what has just started is stopped.
            self._stop(session_id, "stopped", now)
            return
        session.advance(Trigger.STARTED)
        session.limit_s, session.granted_s = None, now
        session.ends_s = None if self._policy.max_session_s is None else now + self._policy.max_session_s
        self.runtime.state = "active"
        self.keeper.not_before_s = now + AFTER_GRANT_S
        if session.client is not None:
            self._assign(session, session.client)
        if session.early_end is not None:
            self._end(session, session.early_end, now, stop=False)
        elif session.doubtful:
            self._out.append(AskSnapshot())

    def _refused(self, event: StartRefused, now: float) -> None:
        session = self.current
        # Whatever became of it there: nothing of that room may stay.
        self._stop(event.session_id, "stopped", now)
        # It may be ready although we believe that it has something to stop.
        self._out.append(AskSnapshot())
        if session is None or session.session_id != event.session_id:
            return
        self.current = None
        self.keeper.not_before_s = now
        match event.code:
            case "LOADING":
                self.runtime.state = "loading"
            case "FAILED":
                self.runtime.state = "failed"
            case "BUSY":
                self.runtime.state = "stopping"
            case _:
                self._count_failure(session, event.message)
        if session.state is State.GRANTING:
            session.advance(Trigger.REFUSED)
            session.limit_s, session.early_end = None, None
            self.line.put_back(session)

    def _count_failure(self, session: Session, message: str) -> None:
        self.runtime.state = "stopping"
        final = session.attempts >= MAX_ATTEMPTS
        if session.client is not None:
            self._out.append(Tell(session.client, notices.gpu_failed(message, final=final)))
        if final:
            self._forget_client(session)
            session.advance(Trigger.GIVE_UP)
            session.advance(Trigger.RELEASED)

    def _room_failed(self, event: RoomFailed, now: float) -> None:
        wanted = self.keeper.standby is not None and self.keeper.standby.session_id == event.session_id
        self._do(self.keeper.failed(event.session_id, now), now)
        if wanted and self.line.head is not None and self.current is None:
            self._tell_all(notices.room_failed(event.component, event.message, self.keeper.not_before_s - now))

    def _rooms_lost(self, session_ids: frozenset[str], message: str, now: float) -> None:
        """Nobody can be reached in those rooms any more, whatever runtime and clients still believe."""
        session, standby = self.current, self.keeper.standby
        if session is not None and session.session_id in session_ids:
            if session.state is State.ACTIVE:
                self._end(session, ("livekit_lost", message), now)
            else:
                self._refused(StartRefused(session.session_id, "TRANSPORT", message), now)
        if standby is not None and standby.session_id in session_ids:
            self._do(self.keeper.discard(), now)

    # Deadlines

    def _session_deadline(self, session: Session) -> tuple[float, tuple[EndReason, str] | None]:
        """When the current session's next deadline is, and what its end is called then (None: nobody to tell)."""
        found: list[tuple[float, tuple[EndReason, str] | None]] = [(inf, None)]
        if session.state is State.GRANTING and session.limit_s is not None:
            found.append((session.limit_s, None))
        if session.ends_s is not None:
            found.append((session.ends_s, ("max_duration", "the session's maximum duration is over")))
        grace_s = self._policy.orphan_grace_s(someone_waits=len(self.line) > 0)
        if grace_s is not None and session.lost_s is not None:
            found.append((session.lost_s + grace_s, None))
        if grace_s is not None and session.media_lost_s is not None:
            found.append((session.media_lost_s + grace_s, ("client_left_room", "the client's media connection broke")))
        return min(found, key=lambda entry: entry[0])

    def _pass_deadlines(self, now: float) -> None:
        session = self.current
        if session is not None:
            due_s, cause = self._session_deadline(session)
            if now >= due_s and session.state is State.GRANTING:
                self._refused(StartRefused(session.session_id, "UNREACHABLE", "the runtime didn't answer"), now)
            elif now >= due_s:
                self._end(session, cause, now)
        for session_id, (limit_s, _) in list(self.leaving.items()):
            if now >= limit_s:
                self._released(session_id)
                self._out.append(AskSnapshot())

    # The standby room

    def _can_make_rooms(self) -> bool:
        return self._swept and not self.shutting_down and self.runtime.within_reach

    def _shown_to_other(self, session: Session) -> bool:
        standby = self.keeper.standby
        return standby is not None and standby.shown_to not in (None, session.resume_token)

    def _plan_standby(self, now: float) -> None:
        if not self._can_make_rooms():
            return
        head, standby = self.line.head, self.keeper.standby
        shown_to = None if standby is None else standby.shown_to
        if shown_to is not None and (head is None or head.resume_token != shown_to):
            # Somebody who isn't next any more knows this room.
            self._do(self.keeper.discard(), now)
        # A track's size is known once the model has loaded; until then connecting is all that can be done.
        loaded = self.runtime.state not in ("loading", "failed")
        likely = head is not None or now < self._likely_until_s
        published = self.keeper.standby is not None and self.keeper.standby.publish
        self._do(self.keeper.plan(Wish(likely and (loaded or published), head.codecs if head else None), now), now)
        self._show_room(head)

    def _show_room(self, head: Session | None) -> None:
        standby = self.keeper.standby
        if head is None or head.client is None or standby is None or not standby.ready or not standby.publish:
            return
        if head.takes_prepared and standby.shown_to is None:
            standby.shown_to = head.resume_token
            self._out.append(ShowRoom(head.client, standby.session_id, standby.identity))

    # Those who wait

    def _plan_quiet(self, now: float) -> None:
        idle = self.current is None and self.runtime.state == "ready" and self._can_make_rooms()
        if self.line.head is None or not idle or self.keeper.failing:
            self._quiet_until_s = inf
        elif self._quiet_until_s == inf:
            self._quiet_until_s = now + QUIET_S
        elif now >= self._quiet_until_s:
            self._quiet_until_s = -inf

    def _waiting_reason(self) -> WaitingReason:
        if self.current is not None or isfinite(self._quiet_until_s):
            return "busy"
        return "stopping" if self.runtime.state == "stopping" else "loading"

    def _tell_waiting(self) -> None:
        quiet, reason, length = isfinite(self._quiet_until_s), self._waiting_reason(), len(self.line)
        progress = self.runtime.progress if self.runtime.state == "loading" else None
        for position, session in enumerate(self.line, start=1):
            if quiet and position == 1 and (session.told is None or session.told.position == 1):
                continue
            place = notices.waiting(position, length, reason, progress if reason == "loading" else None)
            if session.client is not None and session.told != place.data:
                session.told = place.data
                self._out.append(Tell(session.client, place))

    def _shut_down(self, now: float) -> None:
        self.shutting_down = True
        if self.current is not None and self.current.state is State.ACTIVE:
            self._end(self.current, ("shutting_down", "the server is shutting down"), now)
        elif self.current is not None:
            self._withdraw(self.current, now)
        for session in self.line:
            if session.client is not None:
                self._out.append(Tell(session.client, notices.shutting_down()))
            self._forget_client(session)
            self.line.remove(session)
            session.advance(Trigger.LEAVE)
        self._do(self.keeper.discard(), now)
        for session_id, (_, session_or_none) in self.leaving.items():
            self.leaving[session_id] = (now + SHUTDOWN_RELEASE_S, session_or_none)
