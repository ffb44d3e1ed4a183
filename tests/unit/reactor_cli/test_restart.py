import pytest

from reactor_cli.restart import DELAYS_S, EXIT_USAGE, STABLE_S, RestartPolicy


def test_the_first_restart_comes_at_once_and_later_ones_wait_longer() -> None:
    policy, delays = RestartPolicy(), []
    for _ in DELAYS_S:
        policy, delay_s = policy.after_exit(0.1, 1)
        delays.append(delay_s)
    assert delays == sorted(DELAYS_S)
    assert delays[0] == 0


def test_it_gives_up_after_failed_starts_in_a_row() -> None:
    policy = RestartPolicy()
    delay_s: float | None = 0.0
    for _ in DELAYS_S:
        assert delay_s is not None
        policy, delay_s = policy.after_exit(0.1, 1)
    assert policy.after_exit(STABLE_S - 0.1, -9)[1] is None


def test_one_that_comes_up_each_time_is_never_given_up_but_waits_longer() -> None:
    policy, delays = RestartPolicy(), []
    for _ in range(50):
        policy, delay_s = policy.after_exit(2.0, -9, came_up=True)
        delays.append(delay_s)
    assert delays == [*DELAYS_S, *[DELAYS_S[-1]] * (50 - len(DELAYS_S))]


def test_coming_up_once_forgets_failed_starts() -> None:
    policy = RestartPolicy(len(DELAYS_S), len(DELAYS_S))
    policy, delay_s = policy.after_exit(2.0, 1, came_up=True)
    assert (policy.failed_starts, delay_s) == (0, DELAYS_S[-1])


def test_a_long_run_forgets_earlier_failures() -> None:
    policy, delay_s = RestartPolicy(len(DELAYS_S), len(DELAYS_S)).after_exit(STABLE_S, 1)
    assert (policy, delay_s) == (RestartPolicy(1), DELAYS_S[0])


@pytest.mark.parametrize("failures", [0, 1])
def test_a_usage_error_is_not_tried_again(failures: int) -> None:
    assert RestartPolicy(failures, failures).after_exit(0.1, EXIT_USAGE)[1] is None
