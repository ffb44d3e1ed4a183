from reactor_runtime.transport.silence import SILENT_AFTER_S, Silence


def test_answers_once_a_second_are_no_silence() -> None:
    silence = Silence(0.0)
    assert not any(silence.look(100 * int(half / 2), half / 2) for half in range(1, 40))


def test_a_count_that_stands_still_is_silence_after_its_time_and_ends_with_the_next_answer() -> None:
    silence = Silence(0.0)
    assert not silence.look(100, 1.0)
    assert not silence.look(100, 1.0 + SILENT_AFTER_S - 0.01)
    assert silence.look(100, 1.0 + SILENT_AFTER_S)
    assert silence.look(None, 10.0)
    assert not silence.look(101, 10.5)


def test_a_connection_that_starts_to_count_anew_has_answered() -> None:
    silence = Silence(0.0)
    silence.look(1000, 1.0)
    assert not silence.look(10, 1.0 + SILENT_AFTER_S)
    assert not silence.look(10, 1.0 + SILENT_AFTER_S + 1.0)
