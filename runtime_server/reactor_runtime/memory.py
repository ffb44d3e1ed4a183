"""Memory that a session has used and left, given back to the system.

A published track takes 45 MiB of the media library's. Freed, much of it stays in the C library's arenas, and the
rooms of past sessions wait in cycles for a collector that counts objects, not megabytes.
"""

import ctypes
import gc
import os

ARENAS = 2
"""Of the C library, which makes up to 8 for each core by itself: blocks of past sessions stay in each."""

_M_ARENA_MAX = -8  # glibc's malloc.h


def share_arenas() -> None:
    """Call before there are threads: they share `ARENAS` arenas, unless MALLOC_ARENA_MAX says how many."""
    if "MALLOC_ARENA_MAX" not in os.environ:
        _glibc("mallopt", _M_ARENA_MAX, ARENAS)


def settle() -> None:
    """Call when what lives as long as the process is there: the collector doesn't look at it any more."""
    gc.freeze()


def give_back() -> None:
    """Collect, and give back what is free: some milliseconds, on any thread."""
    gc.collect()
    _glibc("malloc_trim", 0)


def _glibc(name: str, *arguments: int) -> None:
    """Call a function that glibc alone has; nothing with another C library."""
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
