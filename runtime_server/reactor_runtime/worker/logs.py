"""The model's `logging`, sent to the runtime server's log."""

import logging
import sys
import traceback

from reactor_runtime.worker.allowance import Allowance
from reactor_runtime.worker.channel import Channel
from reactor_runtime.worker.messages import LogRecord, ToWorker
from reactor_runtime.worker.output import send_quietly

_NOT_THE_MODELS = ("boto3", "botocore", "s3transfer", "urllib3")  # they tell how each request of a download is made
_LONGEST = 64 * 1024  # characters of one text; a model that logs its tensors is cut short


class ChannelHandler(logging.Handler):
    """Sends records over the control channel, with the session that they belong to.

    A flood is cut down to an `Allowance`; errors have one of their own, so that none is lost in it.
    """

    def __init__(self, channel: Channel[ToWorker]) -> None:
        super().__init__()
        self._channel = channel
        self.session_id: str | None = None
        self._allowances = {False: Allowance(), True: Allowance()}
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record, if that isn't too much."""
        allowance = self._allowances[record.levelno >= logging.ERROR]
        if not allowance.is_open():
            self._left_out += 1
            return
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a wrong format string must not end the model
            message = f"{record.msg} {record.args!r}"
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        message, trace = message[:_LONGEST], trace[-_LONGEST:]
        allowance.charge(len(message) + len(trace))
        if self._left_out:
            text = f"the model logs faster than is written: {self._left_out:,} records before this are left out"
            self._left_out = 0
            self._send("warning", "reactor_runtime", text)
        self._send(record.levelname.lower(), record.name, message, trace)

    def _send(self, level: str, logger: str, message: str, trace: str = "") -> None:
        send_quietly(self._channel, LogRecord(self.session_id, level, logger, message, trace))


def install(channel: Channel[ToWorker]) -> ChannelHandler:
    """Take over the root logger, at level INFO, and Python's warnings."""
    handler = ChannelHandler(channel)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    for name in _NOT_THE_MODELS:
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler


def detach(handler: ChannelHandler) -> None:
    """In a forked child: log to stderr, the channel is the parent's."""
    root = logging.getLogger()
    root.removeHandler(handler)
    root.addHandler(logging.StreamHandler(sys.stderr))
