import pytest

from support.ports import free_ports, ports_of


@pytest.mark.parametrize("workers", [1, 2, 3, 16])
def test_workers_side_by_side_have_no_port_in_common(workers: int) -> None:
    ranges = [ports_of(f"gw{number}", workers) for number in range(workers)]
    assert len(set().union(*ranges)) == sum(map(len, ranges))
    assert min(map(min, ranges)) >= 1024
    assert max(map(max, ranges)) < 32_768


def test_a_worker_that_takes_the_place_of_one_that_died_has_the_ports_of_one() -> None:
    assert ports_of("gw2", 2) == ports_of("gw0", 2)


def test_a_port_that_was_given_is_not_soon_given_again() -> None:
    given = [port for _ in range(300) for port in free_ports(3)]
    assert len(set(given)) == len(given)
