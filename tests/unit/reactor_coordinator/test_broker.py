"""What the broker decides, one behaviour a test, in virtual time."""

import pytest

from reactor_coordinator.broker import QUIET_S
from reactor_coordinator.events import Asked, Left, MakeRoom, RuntimeDoubted, RuntimeGone, RuntimeSaid, ShutDown, Tick
from reactor_coordinator.policy import Policy
from reactor_coordinator.session import TRANSITIONS, Session, State, TransitionError, Trigger
from reactor_protocol import runtime as wire
from reactor_protocol.frontend import ErrorMessage, SessionEnded, SessionSetupData, WaitingInfo
from support.broker_world import FakeClient, World


@pytest.fixture
def world() -> World:
    return World().begin()


def told(client: FakeClient) -> list[WaitingInfo]:
    return [message for message in client.messages if isinstance(message, WaitingInfo)]


def kinds(client: object) -> list[str]:
    return [message.type for message in client.messages]  # type: ignore[attr-defined]


def test_a_grant_is_one_request_and_no_waiting_info(world: World) -> None:
    client = world.open()
    world.settle()
    world.ask(client)
    assert len(world.requests) == 1
    world.serve()
    world.answer()
    assert client.assigned is not None
    assert kinds(client) == []


def test_a_room_made_before_the_models_inputs_were_known_is_made_anew(world: World) -> None:
    world.settle()
    (before,) = world.prepared
    ready = wire.Ready(model_name="m", model_version="1.0.0", video_input=True, audio_input=False)
    world.tell(RuntimeSaid(ready, 0.0))
    world.settle()
    (after,) = world.prepared
    assert after != before
    client = world.open()
    world.ask(client)
    world.settle()
    assert client.assigned is not None


def test_a_client_that_asks_while_its_room_is_being_made_is_not_told_to_wait(world: World) -> None:
    first, second = world.open(), world.open()
    world.ask(first)
    world.ask(second)
    assert kinds(first) == []
    assert [(place.data.position, place.data.reason) for place in told(second)] == [(2, "busy")]
    world.settle()
    assert first.assigned is not None
    assert kinds(first) == []


def test_a_client_whose_room_takes_long_to_make_is_told_to_wait(world: World) -> None:
    client = world.open()
    world.ask(client)
    world.now += QUIET_S - 0.01
    world.tell(Tick())
    assert world.broker.deadline_s() == pytest.approx(world.now + 0.01)
    assert told(client) == []
    world.now += 0.02
    world.tell(Tick())
    assert [(place.data.position, place.data.reason) for place in told(client)] == [(1, "loading")]
    world.settle()
    assert client.assigned is not None
    assert len(told(client)) == 1


def test_a_client_whose_room_cannot_be_made_is_told_to_wait_and_why(world: World) -> None:
    client = world.open()
    world.ask(client)
    world.serve(code="TRANSPORT")
    world.answer()
    assert client.codes() == ["GPU_CONNECTION_FAILED"]
    assert client.place == 1


def test_the_next_room_is_made_a_quarter_second_after_the_first_picture(world: World) -> None:
    client = world.open()
    world.settle()
    world.ask(client)
    world.settle()
    assert world.broker.keeper.standby is None
    assert world.session is not None
    world.tell(RuntimeSaid(wire.FirstFrame(session_id=world.session), 0.0))
    world.sleep(0.2)
    assert world.broker.keeper.standby is None
    world.sleep(0.06)
    world.settle()
    assert world.broker.keeper.standby is not None
    assert world.broker.keeper.standby.ready


def test_a_room_that_nobody_is_likely_to_want_has_no_track(world: World) -> None:
    standby = world.broker.keeper.standby
    assert standby is not None
    assert not standby.publish
    world.open()
    world.settle()
    assert standby.publish
    world.sleep(61.0)
    world.settle()
    replaced = world.broker.keeper.standby
    assert replaced is not None
    assert replaced is not standby
    assert not replaced.publish
    assert world.rooms == {replaced.session_id}


def test_those_who_wait_move_up_when_one_vanishes(world: World) -> None:
    owner, *waiting = (world.open() for _ in range(4))
    for client in (owner, *waiting):
        world.ask(client)
        world.settle()
    assert [client.place for client in waiting] == [1, 2, 3]
    world.close(waiting[0], clean=False)
    assert [client.place for client in waiting[1:]] == [1, 2]


def test_who_is_next_is_shown_its_room_and_keeps_it(world: World) -> None:
    owner, following = world.open(), world.open()
    world.ask(owner)
    world.settle()
    world.ask(following, prepared=True)
    world.sleep(3.0)
    world.settle()
    assert [show.client for show in world.shown] == [following.number]
    world.tell(Left(owner.number))
    owner.assigned = None
    world.settle()
    assert following.assigned is not None
    assert following.assigned.session_id == world.shown[0].session_id
    assert following.assigned.identity == world.shown[0].identity


def test_a_room_shown_to_one_who_left_is_given_to_nobody(world: World) -> None:
    owner, gone, following = world.open(), world.open(), world.open()
    for client in (owner, gone, following):
        world.ask(client, prepared=True)
        world.settle()
    world.sleep(3.0)
    world.settle()
    world.close(gone, clean=True)
    world.settle()
    first, second = world.shown
    assert (first.client, second.client) == (gone.number, following.number)
    assert first.session_id != second.session_id
    assert first.session_id not in world.rooms


def test_a_lost_owner_may_come_back(world: World) -> None:
    owner = world.open()
    world.ask(owner)
    world.settle()
    granted = owner.assigned
    assert granted is not None
    world.close(owner, clean=False)
    world.sleep(29.0)
    back = world.open()
    world.ask(back, resume_token=granted.resume_token)
    assert back.assigned == granted.__class__(
        back.number, granted.session_id, granted.identity, granted.resume_token, None
    )
    world.sleep(60.0)
    assert world.session == granted.session_id


@pytest.mark.parametrize(("someone_waits", "grace_s"), [(False, 30.0), (True, 3.0)])
def test_a_lost_owner_loses_its_session_after_the_grace(world: World, someone_waits: bool, grace_s: float) -> None:
    owner = world.open()
    world.ask(owner)
    world.settle()
    world.close(owner, clean=False)
    if someone_waits:
        world.ask(world.open())
    world.sleep(grace_s - 0.1)
    assert len(world.starts) == 1
    world.sleep(0.2)
    world.settle()
    assert world.session == (world.starts[1] if someone_waits else None)


def test_an_orphan_timeout_of_none_waits_for_ever() -> None:
    world = World(Policy(orphan_timeout_s=None, orphan_timeout_queued_s=None)).begin()
    owner = world.open()
    world.ask(owner)
    world.settle()
    world.close(owner, clean=False)
    world.sleep(90_000.0)
    assert world.session == world.starts[0]


def test_the_late_close_of_an_older_socket_does_nothing(world: World) -> None:
    old = world.open()
    world.ask(old)
    world.settle()
    assert old.assigned is not None
    token = old.assigned.resume_token
    new = world.open()
    world.ask(new, resume_token=token)
    world.close(old, clean=True)
    world.settle()
    assert world.session == world.starts[0]
    assert new.assigned is not None


def test_an_unknown_resume_token_is_refused(world: World) -> None:
    client = world.open()
    world.ask(client, resume_token="nobody's")
    assert client.codes() == ["RESUME_FAILED"]


def test_a_client_that_leaves_during_the_grant_leaves_nothing_behind(world: World) -> None:
    client = world.open()
    world.settle()
    world.ask(client)
    world.close(client, clean=True)
    world.settle()
    assert world.session is None
    standby = world.broker.keeper.standby
    assert standby is not None
    assert world.rooms == {standby.session_id}


def test_an_end_that_overtakes_the_start_is_told_after_the_grant(world: World) -> None:
    client = world.open()
    world.settle()
    world.ask(client)
    world.serve()
    world.end("model_error")
    world.hear()
    assert client.messages == []
    world.answer()
    (ended,) = client.messages
    assert isinstance(ended, SessionEnded)
    assert ended.data.reason == "model_error"
    assert client.grants == 1


def test_the_maximum_duration_ends_the_session() -> None:
    world = World(Policy(max_session_s=20.0)).begin()
    client = world.open()
    world.ask(client)
    world.settle()
    world.sleep(20.1)
    ended = client.messages[-1]
    assert isinstance(ended, SessionEnded)
    assert ended.data.reason == "max_duration"
    assert world.session is None


def test_a_broken_media_connection_ends_the_session_after_the_grace(world: World) -> None:
    client = world.open()
    world.ask(client)
    world.settle()
    assert world.session is not None
    world.tell(RuntimeSaid(wire.ClientLost(session_id=world.session), 0.0))
    world.sleep(10.0)
    world.tell(RuntimeSaid(wire.ClientJoined(session_id=world.session), 0.0))
    world.sleep(60.0)
    assert client.assigned is not None
    world.tell(RuntimeSaid(wire.ClientLost(session_id=world.session), 0.0))
    world.sleep(31.0)
    ended = client.messages[-1]
    assert isinstance(ended, SessionEnded)
    assert ended.data.reason == "client_left_room"


def test_a_restarted_runtime_ends_the_session_and_serves_the_next(world: World) -> None:
    owner, following = world.open(), world.open()
    world.ask(owner)
    world.settle()
    world.ask(following)
    world.settle()
    world.restart()
    world.settle()
    world.sleep(1.0)
    ended = owner.messages[-1]
    assert isinstance(ended, SessionEnded)
    assert ended.data.reason == "runtime_lost"
    assert following.assigned is not None


def test_a_restarted_livekit_ends_the_session_and_serves_the_next(world: World) -> None:
    owner, following = world.open(), world.open()
    world.ask(owner)
    world.settle()
    world.ask(following)
    world.sleep(3.0)
    world.settle()
    world.restart_livekit()
    assert [message.data.reason for message in owner.messages if isinstance(message, SessionEnded)] == ["livekit_lost"]
    world.settle()
    assert following.assigned is not None
    assert following.assigned.session_id in world.rooms


def test_a_restarted_livekit_costs_a_client_that_is_being_granted_only_time(world: World) -> None:
    client = world.open()
    world.settle()
    world.ask(client)
    world.restart_livekit()
    world.settle()
    world.sleep(1.0)
    assert client.assigned is not None
    assert client.assigned.session_id in world.rooms


def test_an_unreachable_runtime_keeps_the_places(world: World) -> None:
    owner, following = world.open(), world.open()
    world.ask(owner)
    world.settle()
    world.ask(following)
    world.tell(RuntimeGone("no answer"))
    ended = owner.messages[-1]
    assert isinstance(ended, SessionEnded)
    assert ended.data.message == "the model's server doesn't answer any more (no answer)"
    assert following.place == 1
    last = following.messages[-1]
    assert isinstance(last, WaitingInfo)
    assert last.data.reason == "loading"


def test_nothing_is_begun_with_a_runtime_in_doubt_and_nobody_is_told_of_a_failure(world: World) -> None:
    world.tell(RuntimeDoubted())
    client = world.open()
    world.ask(client)
    assert client.place == 1
    world.sleep(1.5)
    assert world.requests == []
    world.restart()
    world.settle()
    assert client.assigned is not None
    assert client.codes() == []


def test_after_the_runtimes_restart_a_room_is_made_at_once_however_often_it_failed_before(world: World) -> None:
    (room,) = world.prepared
    world.release(room, lost=True)
    world.hear()
    for _ in range(4):
        world.serve(code="TRANSPORT")
        world.answer()
        world.requests.clear()
        world.now = world.broker.deadline_s()
        world.tell(Tick())
    world.serve(code="TRANSPORT")
    world.answer()
    world.requests.clear()
    world.restart()
    while world.stream:
        world.hear()
    assert [type(request) for request in world.requests] == [MakeRoom]


def test_a_session_that_a_restarted_runtime_has_begun_goes_on(world: World) -> None:
    client = world.open()
    world.ask(client)
    world.settle()
    assert client.assigned is not None
    world.instance += 1
    world.reconnect()
    world.settle()
    assert client.assigned is not None


def test_a_failed_load_is_told_to_all_and_a_later_one_serves_them(world: World) -> None:
    world.state = "failed"
    world.tell(RuntimeSaid(wire.Failed(error=wire.LoadError(message="boom", file="m.py", line=3)), 0.0))
    client = world.open()
    world.ask(client)
    assert client.codes() == ["MODEL_LOADING_FAILED"]
    world.recover()
    world.settle()
    assert client.assigned is not None


def test_loading_progress_is_told(world: World) -> None:
    world.state = "loading"
    world.tell(RuntimeSaid(wire.Loading(stage="init", progress=0.123), 0.0))
    client = world.open()
    world.ask(client, queueing=False)
    world.tell(RuntimeSaid(wire.Loading(stage="init", progress=0.5), 0.0))
    told = [message.data for message in client.messages if isinstance(message, WaitingInfo)]
    assert [(place.reason, place.progress) for place in told] == [("loading", 0.12), ("loading", 0.5)]


def test_a_start_that_keeps_failing_sends_its_client_away(world: World) -> None:
    client, following = world.open(), world.open()
    world.settle()
    world.ask(client)
    world.ask(following)
    for _ in range(3):
        while not any(type(request).__name__ == "Start" for request in world.requests):
            if world.requests:
                world.serve()
            elif world.answers:
                world.answer()
            else:
                world.hear()
        world.serve(code="TRANSPORT")
        world.answer()
    assert client.codes() == ["GPU_CONNECTION_FAILED"] * 3
    errors = [message.data for message in client.messages if isinstance(message, ErrorMessage)]
    assert [error.recoverable for error in errors] == [True, True, False]
    world.settle()
    assert following.assigned is not None


def test_who_does_not_want_to_wait_is_told_so(world: World) -> None:
    owner, other = world.open(), world.open()
    world.ask(owner)
    world.settle()
    world.ask(other, queueing=False)
    assert other.codes() == ["NO_CAPACITY"]


def test_a_full_queue_takes_nobody() -> None:
    world = World(Policy(max_queue=1)).begin()
    clients = [world.open() for _ in range(3)]
    for client in clients:
        world.ask(client)
        world.settle()
    assert clients[2].codes() == ["QUEUE_FULL"]


def test_asking_twice_is_refused(world: World) -> None:
    owner = world.open()
    world.ask(owner)
    world.settle()
    world.tell(Asked(owner.number, SessionSetupData(model_name="m")))
    assert owner.codes() == ["ALREADY_IN_SESSION"]


def test_another_name_is_refused_only_if_names_are_strict() -> None:
    world = World(Policy(strict_model_name=True)).begin()
    client = world.open()
    world.tell(Asked(client.number, SessionSetupData(model_name="other")))
    assert client.codes() == ["UNKNOWN_MODEL"]
    world.ask(client)
    world.settle()
    assert client.assigned is not None


def test_the_wanted_codec_is_used_by_those_who_can() -> None:
    world = World(Policy(video_codec="h264")).begin()
    client = world.open()
    world.settle()
    world.ask(client, video_codecs=["vp9", "h264"])
    (start,) = world.requests
    assert start.codecs == ("h264",)  # type: ignore[union-attr]


def test_a_shutdown_tells_the_owner_and_leaves_no_room(world: World) -> None:
    owner, waiting = world.open(), world.open()
    world.ask(owner)
    world.settle()
    world.ask(waiting)
    world.sleep(3.0)
    world.tell(ShutDown())
    world.settle()
    ended = owner.messages[-1]
    assert isinstance(ended, SessionEnded)
    assert ended.data.reason == "shutting_down"
    assert world.rooms == set()
    assert world.session is None


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("trigger", list(Trigger))
def test_only_the_transitions_of_the_table_exist(state: State, trigger: Trigger) -> None:
    session = Session(1, "token", state=state)
    if (state, trigger) in TRANSITIONS:
        session.advance(trigger)
        assert session.state is TRANSITIONS[state, trigger]
    else:
        with pytest.raises(TransitionError):
            session.advance(trigger)


def test_a_stalled_session_is_let_into_its_room_again_and_no_other_one(world: World) -> None:
    client = world.open()
    world.settle()
    world.ask(client)
    world.settle()
    assert client.assigned is not None
    session_id = client.assigned.session_id
    for stalled in (session_id, "another"):
        world.tell(RuntimeSaid(wire.MediaStalled(session_id=stalled), world.stream_opened_s))
    assert world.rejoined == [session_id]
    assert client.assigned is not None
