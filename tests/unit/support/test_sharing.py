import pytest

from support.sharing import part_of


@pytest.mark.parametrize(
    ("test", "part"),
    [
        ("tests/unit/test_a.py::test_b[x::y]", "tests/unit/test_a.py"),
        ("tests/integration/faults/test_a.py::test_b", "tests/integration/faults/test_a.py"),
    ],
)
def test_a_worker_takes_whole_files(test: str, part: str) -> None:
    assert part_of(test) == part


def test_one_worker_takes_all_that_is_done_with_containers_and_browsers() -> None:
    tests = ("tests/compose/test_a.py::test_b", "tests/compose/test_c.py::test_d", "tests/browser/test_e.py::test_f")
    assert len({part_of(test) for test in tests}) == 1
