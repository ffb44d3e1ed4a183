import pytest

from reactor_runtime.worker.exits import describe_exit


@pytest.mark.parametrize(
    ("returncode", "words"),
    [
        (0, "exit code 0"),
        (3, "ended by itself with exit code 3"),
        (-11, "SIGSEGV (a segmentation fault"),
        (-9, "SIGKILL (possibly out of memory)"),
        (-6, "SIGABRT"),
        (-15, "was ended by SIGTERM"),
        (-999, "signal 999"),
    ],
)
def test_an_exit_is_said_in_words(returncode: int, words: str) -> None:
    assert words in describe_exit(returncode)
