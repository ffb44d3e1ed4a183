"""A process's exit, in words a user can act on."""

import signal

_HINTS = {
    signal.SIGSEGV: "a segmentation fault in native code; the stacks are in the log",
    signal.SIGABRT: "native code gave up; its message is in the log",
    signal.SIGBUS: "memory that isn't there was touched",
    signal.SIGILL: "native code built for another processor",
    signal.SIGFPE: "an arithmetic fault in native code",
    signal.SIGKILL: "possibly out of memory",
}


def describe_exit(returncode: int) -> str:
    """Say how a process ended; `returncode` as `subprocess` gives it, negative for a signal."""
    if returncode == 0:
        return "ended by itself with exit code 0 (did the model call exit()?)"
    if returncode > 0:
        return f"ended by itself with exit code {returncode}"
    try:
        number = signal.Signals(-returncode)
    except ValueError:
        return f"was ended by signal {-returncode}"
    hint = _HINTS.get(number)
    return f"was ended by {number.name} ({hint})" if hint else f"was ended by {number.name}"
