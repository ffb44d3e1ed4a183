import pytest

from reactor_cli.restart import DELAYS_S, EXIT_USAGE, STABLE_S, RestartPolicy


def test_the_first_restart_comes_at_once_and_later_ones_wait_longer() -> None:
    policy, delays = RestartPolicy(), []
    for _ in DELAYS_S:
        policy, delay_s = policy.after_exit(0.1, 1)
        delays.append(delay_s)
    assert delays == sorted(DELAYS_S)
    assert delays[0] == 0


def test_it_gives_up_after_quick_failures_in_a_row() -> None:
    policy = RestartPolicy(quick_failures=len(DELAYS_S))
    assert policy.after_exit(STABLE_S - 0.1, -9)[1] is None


def test_a_long_run_forgets_earlier_failures() -> None:
    policy, delay_s = RestartPolicy(quick_failures=len(DELAYS_S)).after_exit(STABLE_S, 1)
    assert (policy.quick_failures, delay_s) == (1, DELAYS_S[0])


@pytest.mark.parametrize("failures", [0, 1])
def test_a_usage_error_is_not_tried_again(failures: int) -> None:
    assert RestartPolicy(failures).after_exit(0.1, EXIT_USAGE)[1] is None
