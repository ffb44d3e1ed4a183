"""Memory that a session has used and left, given back to the system.

A published track takes 45 MiB of the media library's. Freed, much of it stays in the C library's arenas, and the
rooms of past sessions wait in cycles for a collector that counts objects, not megabytes.
"""

import ctypes
import gc


def settle() -> None:
    """Call when what lives as long as the process is there: the collector doesn't look at it any more."""
    gc.freeze()


def give_back() -> None:
    """Collect, and give back what is free: some milliseconds, on any thread."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
    if trim is not None:
        trim(0)
