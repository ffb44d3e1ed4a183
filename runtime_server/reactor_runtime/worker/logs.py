"""The model's `logging`, sent to the runtime server's log."""

import logging
import sys
import traceback

from reactor_runtime.worker.channel import Channel
from reactor_runtime.worker.messages import LogRecord, ToWorker
from reactor_runtime.worker.output import send_quietly

_LONGEST = 64 * 1024  # characters of one text; a model that logs its tensors is cut short


class ChannelHandler(logging.Handler):
    """Sends every record over the control channel, with the session that it belongs to."""

    def __init__(self, channel: Channel[ToWorker]) -> None:
        super().__init__()
        self._channel = channel
        self.session_id: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a wrong format string must not end the model
            message = f"{record.msg} {record.args!r}"
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        send_quietly(
            self._channel,
            LogRecord(
                session_id=self.session_id,
                level=record.levelname.lower(),
                logger=record.name,
                message=message[:_LONGEST],
                traceback=trace[-_LONGEST:],
            ),
        )


def install(channel: Channel[ToWorker]) -> ChannelHandler:
    """Take over the root logger, at level INFO, and Python's warnings."""
    handler = ChannelHandler(channel)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    return handler


def detach(handler: ChannelHandler) -> None:
    """In a forked child: log to stderr, the channel is the parent's."""
    root = logging.getLogger()
    root.removeHandler(handler)
    root.addHandler(logging.StreamHandler(sys.stderr))
