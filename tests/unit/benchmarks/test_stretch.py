import pytest

from benchmarks.barcode import Reading
from benchmarks.stretch import Counts, Seen, Stretch

PERIOD_S = 1 / 30


def stretch(numbers: list[int], *, decoded: int | None = None, delay_s: float = 0.01) -> Stretch:
    pictures = [Seen(Reading(number, number * PERIOD_S), number * PERIOD_S + delay_s) for number in numbers]
    return Stretch(pictures, Counts(100, 0, 0), Counts(100 + (len(numbers) if decoded is None else decoded), 0, 0))


def test_repeats_are_counted_once() -> None:
    seen = stretch([0, 1, 1, 2])
    assert [reading.number for reading, _ in seen.fresh] == [0, 1, 2]
    assert seen.intervals_ms == pytest.approx([1000 / 30] * 2)


def test_a_number_that_was_never_decoded_is_lost() -> None:
    assert stretch([0, 1, 3, 4]).lost == 1


def test_a_picture_that_only_the_viewer_missed_is_not_lost() -> None:
    assert stretch([0, 1, 3, 4], decoded=5).lost == 0


def test_packets_and_pictures_are_lost_within_the_stretch_only() -> None:
    seen = Stretch([], Counts(100, 2, 30), Counts(150, 3, 34))
    assert (seen.dropped, seen.packets_lost) == (1, 4)


def test_speed_is_one_when_shown_as_drawn() -> None:
    assert stretch(list(range(90))).speed() == pytest.approx(1.0)


def test_a_backlog_shown_at_once_is_fast() -> None:
    times = [(number * PERIOD_S, 2.0 + number * PERIOD_S / 2) for number in range(90)]
    pictures = [Seen(Reading(number, drawn_s), seen_s) for number, (drawn_s, seen_s) in enumerate(times)]
    assert Stretch(pictures, Counts(0, 0, 0), Counts(90, 0, 0)).speed() == pytest.approx(2.0)


def test_what_was_drawn_before_the_first_was_on_screen_has_piled_up() -> None:
    drawn_s = [0.0, 1.0, 1.1, 2.2]
    pictures = [Seen(Reading(number, at_s), max(at_s, 2.0) + 0.01 * number) for number, at_s in enumerate(drawn_s)]
    assert Stretch(pictures, Counts(0, 0, 0), Counts(4, 0, 0)).piled_up == 3


def test_what_was_drawn_just_in_time_has_not_piled_up() -> None:
    assert stretch([0, 1, 2]).piled_up == 1


def test_the_part_since_a_moment_is_chosen_by_drawing_time() -> None:
    part = stretch(list(range(90))).since(1.0, 0.5)
    assert {reading.number for reading, _ in part.fresh} == set(range(30, 46))
