"""How `reactor run` shows itself: a live line in a terminal, plain lines, or JSON lines."""

from reactor_cli.display.base import Display
from reactor_cli.display.lines import JsonDisplay, PlainDisplay

__all__ = ["Display", "JsonDisplay", "PlainDisplay"]
