"""What the runtime's events mean for sessions and rooms."""

from reactor_coordinator import notices
from reactor_coordinator.events import Rejoin
from reactor_coordinator.ledger import Ledger
from reactor_coordinator.session import RELEASE_LIMIT_S, State
from reactor_coordinator.standby import AFTER_FIRST_FRAME_S
from reactor_protocol.frontend import EndReason
from reactor_protocol.runtime import (
    ClientJoined,
    ClientLost,
    Failed,
    FirstFrame,
    Loading,
    MediaStalled,
    Ready,
    RoomReleased,
    RuntimeEvent,
    RuntimeSessionEnded,
    Snapshot,
)


class RuntimeSide(Ledger):
    """Follows the runtime."""

    def _runtime_said(self, event: RuntimeEvent, opened_s: float, now: float) -> None:
        match event:
            case Snapshot():
                self._compare(event, opened_s, now)
            case Loading() | Ready() | Failed():
                self._readiness_changed(event, now)
            case RuntimeSessionEnded(session_id=session_id):
                self._runtime_ended(session_id, event, now)
            case RoomReleased(session_id=session_id):
                if self.current is None or self.current.session_id != session_id:
                    self._released(session_id)
            case FirstFrame() | ClientJoined() | ClientLost():
                self._media_changed(event, now)
            case MediaStalled(session_id=session_id):
                if self.current is not None and self.current.session_id == session_id:
                    self._out.append(Rejoin(session_id))
            case _:
                pass

    def _media_changed(self, event: FirstFrame | ClientJoined | ClientLost, now: float) -> None:
        session = self.current
        if session is None or session.session_id != event.session_id:
            return
        if isinstance(event, FirstFrame):
            self.keeper.not_before_s = min(self.keeper.not_before_s, now + AFTER_FIRST_FRAME_S)
        else:
            session.media_lost_s = now if isinstance(event, ClientLost) else None

    def _runtime_ended(self, session_id: str, event: RuntimeSessionEnded, now: float) -> None:
        session = self.current
        if session is None or session.session_id != session_id:
            return
        cause: tuple[EndReason, str] = ("runtime_lost", "the session was stopped at the runtime server")
        if event.reason != "stopped":  # that is our word; if somebody else said it, the session is over all the same
            cause = (event.reason, event.message)
        if session.state is State.GRANTING:
            session.early_end = cause
        else:
            self._end(session, cause, now, stop=False)

    def _readiness_changed(self, event: Loading | Ready | Failed, now: float) -> None:
        inputs = (self.runtime.video_input, self.runtime.audio_input)
        self.runtime.take_change(event)
        if inputs != (self.runtime.video_input, self.runtime.audio_input):
            # The runtime's token for the room that was made ahead doesn't fit any more.
            self._do(self.keeper.discard(), now)
        if isinstance(event, Failed):
            self._tell_all(notices.loading_failed(event.error))

    def _compare(self, snapshot: Snapshot, opened_s: float, now: float) -> None:
        """Bring what we believe and what the runtime says together; only what is older than the stream counts."""
        if self.runtime.take_snapshot(snapshot):
            # One that was begun with it before its events were heard is there.
            began = self.current is not None and self.current.session_id == snapshot.session_id
            self._lose_runtime("the model's server was restarted", now, session_stays=began)
            self.keeper.forgive()
        there = {*snapshot.prepared, *([snapshot.session_id] if snapshot.session_id else [])}
        self._compare_current(snapshot, opened_s, now)
        self._compare_standby(there, opened_s)
        for session_id, (limit_s, _) in list(self.leaving.items()):
            if session_id not in there and limit_s - RELEASE_LIMIT_S < opened_s and not self.keeper.knows(session_id):
                self._released(session_id)
        for session_id in sorted(there):
            ours = self.current is not None and self.current.session_id == session_id
            if not ours and not self.keeper.knows(session_id) and session_id not in self.leaving:
                self._stop(session_id, "coordinator_lost", now)
        if snapshot.readiness.state == "failed":
            self._tell_all(notices.loading_failed(snapshot.readiness.error))

    def _compare_current(self, snapshot: Snapshot, opened_s: float, now: float) -> None:
        current = self.current
        if current is None or current.session_id == snapshot.session_id:
            return
        if current.state is State.GRANTING:
            current.doubtful = True
        elif current.granted_s < opened_s:
            self._end(current, ("runtime_lost", "the session ended while the runtime was out of reach"), now)
            self.runtime.state = snapshot.readiness.state

    def _compare_standby(self, there: set[str], opened_s: float) -> None:
        standby = self.keeper.standby
        if standby is None or standby.session_id in there:
            return
        standby.doubtful = True
        if standby.ready and standby.ready_s < opened_s:
            self._released(standby.session_id)

    def _lose_runtime(self, message: str, now: float, *, session_stays: bool = False) -> None:
        """Everything that was going on there is over; those who wait keep their places."""
        session, state = self.current, self.runtime.state
        if session is not None and session.state is State.ACTIVE and not session_stays:
            self._end(session, ("runtime_lost", message), now, stop=False)
        standby = self.keeper.standby
        if standby is not None:
            self._do(self.keeper.discard(), now)
        self.runtime.state = state
        for session_id in list(self.leaving):
            self._released(session_id)
