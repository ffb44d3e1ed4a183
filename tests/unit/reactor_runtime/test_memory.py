import ctypes
import gc
import subprocess
import sys
import weakref

import pytest

from reactor_runtime import memory

_ARENAS_OF_TEN_THREADS = """
import ctypes, threading
from reactor_runtime import memory
{before}
together = threading.Barrier(10)
libc = ctypes.CDLL(None)

def use() -> None:
    together.wait()
    libc.malloc(1000)
    together.wait()

threads = [threading.Thread(target=use) for _ in range(10)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


class Room:
    """In a cycle with itself, as the media library's are."""

    def __init__(self) -> None:
        self.me = self


def test_what_waits_for_the_collector_is_given_back() -> None:
    gc.disable()
    try:
        left = weakref.ref(Room())
        assert left() is not None
        memory.give_back()
        assert left() is None
    finally:
        gc.enable()


def test_what_lives_as_long_as_the_process_is_not_looked_at_again() -> None:
    before = gc.get_freeze_count()
    try:
        memory.settle()
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library isn't glibc")
def test_threads_share_two_arenas() -> None:
    assert _arenas(before="memory.share_arenas()") == memory.ARENAS < _arenas(before="")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library isn't glibc")
def test_as_many_arenas_are_made_as_the_environment_says() -> None:
    assert _arenas(before="memory.share_arenas()", MALLOC_ARENA_MAX="4") == 4


def _arenas(before: str, **environment: str) -> int:
    script = _ARENAS_OF_TEN_THREADS.format(before=before)
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return run.stdout.count("<heap nr=")
