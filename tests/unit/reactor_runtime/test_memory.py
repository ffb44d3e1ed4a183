import gc
import weakref

from reactor_runtime import memory


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
