import random

import pytest

from reactor_runtime.media.rate import Rate


def rate_of(*samples_s: float, frames: int = 1, max_fps: float = 60) -> Rate:
    rate = Rate(max_fps)
    for sample_s in samples_s:
        rate.add(sample_s * frames, frames)
    return rate


def test_nothing_known_is_the_fastest_allowed() -> None:
    assert Rate(50).period_s == 1 / 50


def test_the_warm_up_of_the_first_frame_is_forgotten() -> None:
    assert rate_of(30.0, 0.04).period_s == pytest.approx(0.04)


def test_a_first_block_is_not_played_for_as_long_as_its_warm_up_took() -> None:
    assert rate_of(3.0, frames=16).period_s <= 1 / 15


@pytest.mark.parametrize("new_s", [1 / 8, 1 / 60])
def test_three_emits_make_a_new_rate(new_s: float) -> None:
    rate = rate_of(*[1 / 24] * 20, *[new_s] * 3)
    assert rate.period_s == pytest.approx(new_s)
    assert rate.buffer_s == 0


def test_a_pause_is_no_rate() -> None:
    assert rate_of(*[1 / 30] * 20, 5.0).period_s == pytest.approx(1 / 30)


def test_very_uneven_work_keeps_its_mean() -> None:
    # An estimate above the mean would let frames pile up for ever.
    assert rate_of(*[0.06, 0.006] * 50).period_s == pytest.approx(0.033, rel=0.15)


def test_a_clock_with_late_wake_ups_keeps_its_rate() -> None:
    dice = random.Random(1)  # noqa: S311 - the same numbers in every run
    rate, last_s = Rate(60), 0.0
    for index in range(600):
        at_s = max(last_s + 0.001, (index + 1) / 30 + dice.expovariate(100))
        rate.add(at_s - last_s, 1)
        last_s = at_s
    assert rate.period_s == pytest.approx(1 / 30, rel=0.15)


def test_an_even_model_asks_for_no_buffer_and_an_uneven_one_for_at_most_one_and_a_half_periods() -> None:
    assert rate_of(*[0.033, 0.034] * 20).buffer_s == 0
    uneven = rate_of(*[0.02, 0.06] * 20)
    assert 0 < uneven.buffer_s <= 1.5 * uneven.period_s


def test_only_clearly_more_than_allowed_is_too_fast() -> None:
    assert rate_of(0.001, 0.001).too_fast
    assert not rate_of(1 / 60.5, 1 / 60.5).too_fast
