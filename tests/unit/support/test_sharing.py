import pytest

from support.sharing import part_of


@pytest.mark.parametrize(
    ("test", "part"),
    [
        ("tests/unit/test_a.py::test_b[x::y]", "tests/unit/test_a.py"),
        ("tests/integration/faults/test_a.py::test_b", "tests/integration/faults/test_a.py"),
        ("tests/compose/test_a.py::test_b", "tests/compose/"),
        ("tests/compose/test_c.py::test_d", "tests/compose/"),
    ],
)
def test_a_worker_takes_whole_files_and_all_that_is_done_with_containers(test: str, part: str) -> None:
    assert part_of(test) == part
