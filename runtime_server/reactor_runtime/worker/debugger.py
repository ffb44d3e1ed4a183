"""A debugger for the model's process: `reactor run --debug`."""

import importlib
import os
import sys

PORT_VARIABLE = "REACTOR_DEBUG_PORT"


def listen_if_wanted() -> None:
    """Let debugpy listen on loopback at `REACTOR_DEBUG_PORT`; without the variable, do nothing.

    A debugger that can't be had is told and no reason to run without the model.
    """
    port = os.environ.get(PORT_VARIABLE)
    if not port:
        return
    try:
        importlib.import_module("debugpy").listen(("127.0.0.1", int(port)))
    except (ImportError, RuntimeError, OSError, ValueError) as error:
        sys.stderr.write(f"no debugger on port {port}: {error}\n")
    else:
        sys.stderr.write(f"a debugger can attach to 127.0.0.1:{port}\n")
