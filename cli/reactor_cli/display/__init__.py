"""How `reactor run` shows itself: a live line in a terminal, plain lines, or JSON lines."""

import sys
from typing import Literal

from reactor_cli.display.base import Display
from reactor_cli.display.late import LateDisplay
from reactor_cli.display.lines import JsonDisplay, PlainDisplay

__all__ = ["Display", "JsonDisplay", "PlainDisplay", "choose_display"]


def choose_display(log_format: Literal["console", "json"] | None) -> Display:
    """Return the one for standard output."""
    if log_format == "json":
        return JsonDisplay(sys.stdout)
    return LateDisplay(_terminal) if sys.stdout.isatty() else PlainDisplay(sys.stdout)


def _terminal() -> Display:
    from rich.console import Console  # noqa: PLC0415 - see LateDisplay

    from reactor_cli.display.terminal import TerminalDisplay  # noqa: PLC0415

    return TerminalDisplay(Console())
