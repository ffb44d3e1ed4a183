"""Why there is no LiveKit server.

CliError
  LiveKitError            no running server could be had; the text says what to do
    LiveKitNotFoundError       no source gave a program
    LiveKitPortTakenError      another process holds a port
    LiveKitStartFailedError    it ended, or didn't answer in time; the end of its log is in the text
"""

from reactor_cli.errors import CliError


class LiveKitError(CliError):
    """No running LiveKit server could be had."""


class LiveKitNotFoundError(LiveKitError):
    """No source gave a program that runs."""


class LiveKitPortTakenError(LiveKitError):
    """Another process holds a port that the server needs."""


class LiveKitStartFailedError(LiveKitError):
    """The server ended while starting, or didn't answer in time."""
