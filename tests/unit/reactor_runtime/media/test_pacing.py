"""The schedule in virtual time, with a model and its ring around it (`support.paced_model`)."""

import random
from collections.abc import Iterator
from itertools import accumulate, pairwise
from statistics import fmean, median, pstdev

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reactor_runtime.media.frame import USUAL_AHEAD, OutputFrame
from reactor_runtime.media.pacing import Pacing, Repeat, Send, Wait
from support.paced_model import Emit, Run, play

SETTLED_S = 2.0


def numbers(run: Run) -> list[int]:
    return [frame.number for frame in run.shown]


def everything_in_order(run: Run) -> bool:
    return numbers(run) == list(range(run.emitted))


def most_ahead_s(run: Run, spacing_s: float) -> float:
    """How much faster than one frame a `spacing_s` any stretch of the run was shown."""
    ahead_s = latest_s = 0.0
    for index, frame in enumerate(run.shown):
        on_schedule_s = frame.at_s - index * spacing_s
        latest_s = max(latest_s, on_schedule_s)
        ahead_s = max(ahead_s, latest_s - on_schedule_s)
    return ahead_s


def dice_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same numbers in every run


def clocked(count: int, period_s: float, unevenness_s: float, *, start_s: float = 0.0, seed: int = 1) -> list[Emit]:
    """A model that sleeps until its next moment, and is up to `unevenness_s` late for it."""
    dice = dice_of(seed)
    return [Emit(0.005, 1, start_s + (index + 1) * period_s + dice.uniform(0, unevenness_s)) for index in range(count)]


def bursty(count: int, period_s: float, seed: int) -> list[Emit]:
    dice = dice_of(seed)
    return [Emit(period_s * dice.uniform(0.5, 1.5)) for _ in range(count)]


@pytest.mark.parametrize("fps", [8, 24, 30, 60])
def test_a_model_that_paces_itself_goes_straight_through(fps: int) -> None:
    run = play(clocked(300, 1 / fps, 0.001))
    assert everything_in_order(run)
    assert max(run.delays_s()) < 1e-6


def test_a_model_of_steady_speed_is_shown_at_that_speed_without_delay() -> None:
    run = play([Emit(0.025)] * 300)
    assert everything_in_order(run)
    assert pstdev(run.intervals_s(SETTLED_S)) < 1e-6
    assert max(run.delays_s(SETTLED_S)) < 1e-6


def test_a_model_faster_than_allowed_is_shown_at_the_maximum_and_waits() -> None:
    run = play([Emit(0.0001)] * 300, max_fps=60)
    assert everything_in_order(run)
    assert min(run.intervals_s()) > 1 / 60 - 1e-6
    assert pstdev(run.intervals_s()) < 1e-6


@pytest.mark.parametrize("work_s", [0.0001, 0.003, 0.008])
def test_a_model_faster_than_allowed_begins_a_frame_just_in_time(work_s: float) -> None:
    run = play([Emit(work_s)] * 300, max_fps=60)
    assert pstdev(run.intervals_s(0.2)) < 1e-6
    assert median(run.delays_s(0.2)) == pytest.approx(0.1 / 60, abs=1e-4)
    assert median(run.drawn_ahead_s(0.2)) == pytest.approx(work_s + 0.1 / 60, abs=1e-4)


def test_a_model_faster_than_allowed_and_a_little_uneven_is_never_late() -> None:
    dice = dice_of(1)
    run = play([Emit(0.003 + dice.uniform(0, 0.004)) for _ in range(600)], max_fps=30)
    assert max(run.intervals_s(SETTLED_S)) < 1 / 30 + 1e-6
    assert median(run.delays_s(SETTLED_S)) < 0.25 / 30


@pytest.mark.parametrize(("slow_s", "ahead"), [(0.045, 1), (0.075, 2)])
def test_a_model_too_fast_but_now_and_then_slow_has_its_slow_frames_ready_in_time(slow_s: float, ahead: int) -> None:
    run = play([Emit(slow_s if index % 20 == 0 else 0.004) for index in range(400)], max_fps=30)
    assert everything_in_order(run)
    assert max(run.intervals_s(SETTLED_S)) < 1 / 30 + 1e-6
    assert max(run.drawn_ahead_s(SETTLED_S)) <= (ahead + 1) / 30 + 1e-6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fps", [10, 25, 30])
def test_a_bursty_model_is_smoothed(fps: int, seed: int) -> None:
    emits = bursty(600, 1 / fps, seed)
    run = play(emits)
    own = pstdev(emit.work_s for emit in emits)
    assert everything_in_order(run)
    assert median(run.delays_s(SETTLED_S)) <= 1.45 / fps
    assert pstdev(run.intervals_s(SETTLED_S)) <= own * 0.36  # of one run; the mean of many is below 0.3


@pytest.mark.parametrize("own_clock", [True, False])
def test_bursty_models_are_smoothed_to_less_than_a_third_in_the_mean(own_clock: bool) -> None:
    ratios = []
    for seed in range(12):
        emits = bursty(400, 1 / 30, seed)
        own = pstdev(emit.work_s for emit in emits)
        if own_clock:
            moments_s = accumulate(emit.work_s for emit in emits)
            emits = [Emit(0.002, 1, moment_s) for moment_s in moments_s]
        ratios.append(pstdev(play(emits).intervals_s(SETTLED_S)) / own)
    assert fmean(ratios) <= 0.3


def test_a_bursty_model_with_a_clock_of_its_own_is_smoothed() -> None:
    dice = dice_of(1)
    run = play([Emit(0.001, 1, (index + 1 + dice.uniform(-0.25, 0.25)) / 30) for index in range(600)])
    assert everything_in_order(run)
    assert pstdev(run.intervals_s(SETTLED_S)) < 0.001
    assert max(run.delays_s(SETTLED_S)) <= 1.5 / 30


@pytest.mark.parametrize("unevenness", [0.0, 0.05])
def test_blocks_are_spread_over_the_time_the_next_one_takes(unevenness: float) -> None:
    dice = dice_of(2)
    run = play([Emit(16 / 30 * dice.uniform(1 - unevenness, 1 + unevenness), 16) for _ in range(50)])
    assert everything_in_order(run)
    assert pstdev(run.intervals_s(SETTLED_S)) <= 0.0013
    assert max(run.intervals_s(SETTLED_S)) <= 0.05


def test_blocks_of_uneven_times_leave_no_gap() -> None:
    dice = dice_of(3)
    run = play([Emit(16 / 30 * dice.uniform(0.85, 1.15), 16) for _ in range(60)])
    assert everything_in_order(run)
    assert max(run.intervals_s(SETTLED_S)) <= 0.1


def test_a_standing_queue_of_blocks_is_drained() -> None:
    run = play([Emit(16 / 30, 16)] * 40, hold_s=2.0)
    assert everything_in_order(run)
    assert max(run.delays_s(12.0)) <= 15.5 / 30  # a block's last frame waits for those before it, nothing else
    assert min(run.intervals_s()) >= 0.8 / 30 - 1e-6


def test_frames_held_for_a_late_client_leave_no_delay_behind() -> None:
    run = play([Emit(0.04)] * 200, hold_s=2.0)
    assert everything_in_order(run)
    assert run.shown[0].at_s == pytest.approx(2.0)
    assert max(run.delays_s(3.0)) < 1e-6
    assert min(run.intervals_s()) >= 0.8 * 0.04 - 1e-6


@pytest.mark.parametrize("own_clock", [True, False])
def test_changes_of_rate_are_followed_at_once(own_clock: bool) -> None:
    if own_clock:
        emits = clocked(40, 1 / 8, 0.001) + clocked(120, 1 / 24, 0.001, start_s=5) + clocked(40, 1 / 8, 0, start_s=10)
    else:
        emits = [Emit(1 / 8)] * 40 + [Emit(1 / 24)] * 120 + [Emit(1 / 8)] * 40
    run = play(emits)
    assert everything_in_order(run)
    assert max(run.delays_s(0.5)) < 0.001


def test_after_a_pause_the_next_frame_is_shown_at_once_and_nothing_is_hurried() -> None:
    emits = clocked(150, 1 / 30, 0.001) + clocked(150, 1 / 30, 0.001, start_s=10.0)
    run = play(emits)
    after = [frame for frame in run.shown if frame.at_s > 6]
    assert everything_in_order(run)
    assert after[0].at_s == after[0].emitted_s
    assert min(run.intervals_s(6)) > 0.03
    assert len([at_s for at_s in run.repeats_s if 5.1 < at_s < 9.9]) == pytest.approx(4.8 * 30, abs=2)


def test_a_bursty_model_is_shown_at_once_after_a_pause() -> None:
    emits = bursty(150, 1 / 30, 1)
    run = play([*emits, Emit(5.0), *bursty(150, 1 / 30, 2)])
    first_after = run.shown[150]
    assert everything_in_order(run)
    assert first_after.at_s == first_after.emitted_s


def test_a_hiccup_is_caught_up_without_frames_back_to_back() -> None:
    period_s = 1 / 30
    emits = [Emit(0.001, 1, (index + 1) * period_s + (0.1 if 100 <= index < 103 else 0)) for index in range(200)]
    run = play(emits)
    assert everything_in_order(run)
    assert min(run.intervals_s()) >= 0.8 / 60 - 1e-6
    assert max(run.delays_s(5.0)) < 1e-6


def test_before_the_first_frame_a_picture_is_fed_at_the_full_rate() -> None:
    run = play([Emit(2.0)], max_fps=60)
    assert len(run.repeats_s) == pytest.approx(60, abs=1)
    assert play([Emit(2.0)], max_fps=20).repeats_s == pytest.approx([index / 20 for index in range(40)])


def test_a_slow_model_is_filled_up_with_repeats() -> None:
    run = play([Emit(1 / 8)] * 80)
    fed = sorted([*run.repeats_s, *(frame.at_s for frame in run.shown)])
    gaps = [later - earlier for earlier, later in pairwise(fed[20:])]
    assert max(gaps) <= 1.5 / 15
    assert 15 <= 1 / fmean(gaps) <= 31


def test_a_model_at_the_streams_rate_is_never_repeated() -> None:
    run = play(clocked(300, 1 / 24, 0.002))
    assert [at_s for at_s in run.repeats_s if at_s > 0.5] == []


def test_the_last_picture_is_repeated_after_one_and_a_half_periods() -> None:
    run = play([Emit(1 / 30)] * 30, linger_s=0.5)
    last_s = run.shown[-1].at_s
    later = [at_s - last_s for at_s in run.repeats_s if at_s > last_s]
    assert later[:3] == pytest.approx([1.5 / 30, 2.5 / 30, 3.5 / 30], abs=1e-4)


@pytest.mark.parametrize("hold_s", [0.1, 0.4, 2.0])
def test_a_model_with_a_clock_makes_up_for_the_time_it_was_held(hold_s: float) -> None:
    run = play(clocked(900, 1 / 30, 0.0), max_fps=30, hold_s=hold_s)
    late_s = {frame.at_s: frame.at_s - (frame.number + 1) / 30 for frame in run.shown}
    assert everything_in_order(run)
    assert max(late for at_s, late in late_s.items() if at_s > hold_s * 6 + 0.5) < 1 / 30
    assert max(late for at_s, late in late_s.items() if at_s > hold_s * 6 + 8) < 1e-3


@pytest.mark.parametrize("hold_s", [0.05, 0.08, 0.1, 0.16, 0.2])
@pytest.mark.parametrize("phase_s", [0.0, 0.01, 0.02])
def test_having_made_up_for_a_hold_a_model_with_a_clock_goes_straight_through(hold_s: float, phase_s: float) -> None:
    run = play(clocked(300, 1 / 30, 0.0, start_s=phase_s), max_fps=30, hold_s=hold_s)
    late_s = [frame.at_s - phase_s - (frame.number + 1) / 30 for frame in run.shown if frame.at_s > hold_s * 6]
    assert max(late_s) < 1e-3


@pytest.mark.parametrize("slip_s", [0.1, 0.2, 0.5])
def test_a_model_with_a_clock_makes_up_for_a_slip_of_its_own(slip_s: float) -> None:
    emits = clocked(600, 1 / 30, 0.0)
    emits[100] = Emit(slip_s)
    run = play(emits, max_fps=30)
    late_s = {frame.at_s: frame.at_s - (frame.number + 1) / 30 for frame in run.shown}
    assert everything_in_order(run)
    assert max(late for at_s, late in late_s.items() if at_s > 4 + slip_s * 6) < 1 / 30
    assert max(late for at_s, late in late_s.items() if at_s > 12) < 1e-3


def test_a_model_faster_than_allowed_hurries_no_longer_than_it_was_held() -> None:
    run = play([Emit(0.0001)] * 300, max_fps=30, hold_s=0.4)
    assert min(run.intervals_s()) > 0.8 / 30 - 1e-6
    assert min(run.intervals_s(after_s=3.0)) > 1 / 30 - 1e-6


def test_a_new_session_knows_nothing_of_the_last_one() -> None:
    pacing = Pacing(60, 0.0)
    pacing.release_hold(0.0)
    frames = list(_frames(5, 0.5))
    for frame in frames:
        pacing.add(frame, 0.0)
    assert isinstance(pacing.step(0.0), Send)
    assert pacing.begin() == frames[1:]
    assert pacing.target_fps == 60
    pacing.add(frames[0], 1.0)
    assert not isinstance(pacing.step(1.0), Send)
    pacing.release_hold(1.0)
    assert pacing.step(1.04) == Send(frames[0])


def test_what_was_held_goes_out_in_the_place_of_the_next_flat_picture() -> None:
    pacing = Pacing(30, 0.0)
    pacing.add(next(_frames(1, 0.03)), 0.0)
    assert isinstance(pacing.step(0.0), Repeat)
    pacing.release_hold(0.01)
    waiting = pacing.step(0.01)
    assert isinstance(waiting, Wait)
    assert waiting.until_s == pytest.approx(1 / 30)
    assert isinstance(pacing.step(1 / 30), Send)


def test_a_frame_put_back_is_held_and_comes_first_again() -> None:
    pacing = Pacing(60, 0.0)
    pacing.release_hold(0.0)
    frames = list(_frames(2, 0.03))
    for frame in frames:
        pacing.add(frame, 0.0)
    assert pacing.step(0.0) == Send(frames[0])
    pacing.put_back(frames[0], 0.01)
    assert not isinstance(pacing.step(0.5), Send)
    pacing.release_hold(0.6)
    assert pacing.step(0.6) == Send(frames[0])


works_s = st.floats(0.0, 8.0) | st.floats(0.0, 0.1)
emit_lists = st.lists(st.builds(Emit, works_s, st.sampled_from([1, 1, 1, 2, 5, 16])), min_size=1, max_size=40)


@example([Emit(0.0)] * 3 + [Emit(0.049), Emit(0.018), Emit(1.0), Emit(0.0625, 2), Emit(0.0156)], 60.0, 1.0)
@given(emit_lists, st.sampled_from([1.0, 10.0, 30.0, 60.0, 120.0]), st.floats(0, 3))
def test_whatever_a_model_does_each_frame_is_shown_once_in_order_and_in_time(
    emits: list[Emit], max_fps: float, hold_s: float
) -> None:
    run = play(emits, max_fps=max_fps, hold_s=hold_s)
    assert everything_in_order(run)
    assert run.released == numbers(run)
    assert all(frame.at_s >= max(frame.emitted_s, hold_s) for frame in run.shown)
    assert most_ahead_s(run, 0.8 / max_fps) <= 0.25 / max_fps + 1e-6  # a frame that late still counts as on time
    assert all(frame.at_s - max(frame.emitted_s, hold_s) <= 2.5 * 16 * 1.25 for frame in run.shown)


@given(st.lists(st.sampled_from(["add", "step", "begin", "release", "drop", "put back"]), max_size=60))
def test_whatever_is_called_each_frame_comes_out_once(calls: list[str]) -> None:
    pacing = Pacing(30, 0.0)
    source = _frames(1000, 0.03)
    added: list[OutputFrame] = []
    out: list[OutputFrame] = []
    now_s = 0.0
    for call in calls:
        now_s += 0.02
        if call == "add":
            added.append(next(source))
            pacing.add(added[-1], now_s)
        elif call == "release":
            pacing.release_hold(now_s)
        elif call in {"begin", "drop"}:
            out += pacing.begin() if call == "begin" else pacing.drop()
        else:
            step = pacing.step(now_s)
            if isinstance(step, Send) and call == "put back":
                pacing.put_back(step.frame, now_s)
            elif isinstance(step, Send):
                out.append(step.frame)
            else:
                assert isinstance(step, Repeat) or step.until_s > now_s
    out += pacing.drop()
    assert out == added


def test_waiting_is_never_beyond_the_next_repeat() -> None:
    pacing = Pacing(30, 0.0)
    assert isinstance(pacing.step(0.0), Repeat)
    step = pacing.step(0.0)
    assert isinstance(step, Wait)
    assert step.until_s == pytest.approx(1 / 30)


def _frames(count: int, work_s: float) -> Iterator[OutputFrame]:
    for number in range(count):
        yield OutputFrame(memoryview(bytearray()), 16, 16, number, 0.0, work_s, 0, 1, _released)


def _released(ahead: int = USUAL_AHEAD, begin_at_s: float = 0.0) -> None: ...
