"""A debugger for the model's process: `reactor run --debug`."""

import importlib
import os
import sys

PORT_VARIABLE = "REACTOR_DEBUG_PORT"
HOST_VARIABLE = "REACTOR_DEBUG_HOST"
"""For containers, whose loopback nobody outside reaches. Who reaches a debugger can run anything."""


def listen_if_wanted() -> None:
    """Let debugpy listen at `REACTOR_DEBUG_PORT`, on loopback unless told otherwise; without the variable, do nothing.

    A debugger that can't be had is told and no reason to run without the model.
    """
    port, host = os.environ.get(PORT_VARIABLE), os.environ.get(HOST_VARIABLE) or "127.0.0.1"
    if not port:
        return
    try:
        importlib.import_module("debugpy").listen((host, int(port)))
    except (ImportError, RuntimeError, OSError, ValueError) as error:
        sys.stderr.write(f"no debugger on port {port}: {error}\n")
    else:
        sys.stderr.write(f"a debugger can attach to {host}:{port}\n")
