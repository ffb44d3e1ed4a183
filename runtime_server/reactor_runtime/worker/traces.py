"""Tracebacks as a model's author wants to read them: from the author's own code on."""

import importlib
import traceback
from pathlib import Path

_LEADING = (str(Path(__file__).parents[1]), importlib.__file__, "<frozen importlib")
"""Files whose calls lead to the author's code: this package's, and the import system's."""


def traceback_text(error: BaseException) -> str:
    """The traceback of `error` without the calls that led to the author's code; whole if there are no others."""
    shown = traceback.TracebackException.from_exception(error)
    for number, frame in enumerate(shown.stack):
        if not frame.filename.startswith(_LEADING):
            del shown.stack[:number]
            break
    return "".join(shown.format())
