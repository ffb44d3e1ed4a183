"""Structured logs of coordinator and runtime server: one event a line on stderr; a console in a terminal, else JSON.

Here because this package is all that the two share; nothing else in it needs structlog.
Prompts, tokens and payloads are never given to a log call; a URL's query string is cut off here, whoever logs it.
"""

import logging
import re
import sys
from typing import Literal

import structlog

LogFormat = Literal["console", "json"]

_QUERY = re.compile(r"((?:https?|wss?)://[^\s?\"']+)\?[^\s\"']*")


def set_up_logs(log_format: LogFormat | None, *, verbose: bool) -> None:
    """Let structlog and the standard library write the same way; None: by whether stderr is a terminal."""
    chosen = log_format or ("console" if sys.stderr.isatty() else "json")
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        strip_queries,
    ]
    final: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, strip_queries, structlog.processors.JSONRenderer()]
        if chosen == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    # Libraries log requests with their URLs at INFO.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def strip_queries(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Cut the query string off every URL in the event's texts: tokens travel there."""
    for key, value in event.items():
        if isinstance(value, str) and "?" in value:
            event[key] = _QUERY.sub(r"\1", value)
    return event
