"""Tracebacks as a model's author wants to read them: from the author's own code on."""

import importlib
import traceback
from pathlib import Path

_LEADING = (str(Path(__file__).parents[1]), importlib.__file__, "<frozen importlib")
"""Files whose calls lead to the author's code: this package's, and the import system's."""


def traceback_text(error: BaseException) -> str:
    """The traceback of `error` without the calls that led to the author's code; whole if there are no others.

    Code that can't be compiled was never called: what names its line stands alone.
    """
    shown = traceback.TracebackException.from_exception(error)
    for number, frame in enumerate(shown.stack):
        if not frame.filename.startswith(_LEADING):
            del shown.stack[:number]
            break
    else:
        if isinstance(error, SyntaxError):
            return "".join(shown.format_exception_only())
    return "".join(shown.format())
