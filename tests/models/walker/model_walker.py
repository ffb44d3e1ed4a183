"""Plays the test pattern until told otherwise by a file: behaves and misbehaves as a random walk wants.

The folder in `WALK_ORDERS` may hold `broken` (the model doesn't load), `next` (an order for the session that begins
next, taken away by it) and `<session id>` (an order for that session, while it runs).
"""

import contextlib
import os
import time
from pathlib import Path
from typing import Any

from reactor_runtime import VideoModel, get_ctx
from support import pattern

FPS = 15
SIZE = (320, 192)


class Walker(VideoModel):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.orders = Path(os.environ["WALK_ORDERS"])
        if (self.orders / "broken").exists():
            raise RuntimeError("the walker was told not to load")

    def start_session(self) -> None:
        own = self.orders / get_ctx().session_id
        order = _take(self.orders / "next")
        number, next_s = 0, time.monotonic()
        while not order:
            get_ctx().emit_frame(pattern.draw(number, *SIZE))
            number += 1
            next_s = max(next_s + 1 / FPS, time.monotonic())
            time.sleep(max(0.0, next_s - time.monotonic()))
            order = _take(own)
        _obey(order)


def _obey(order: str) -> None:
    match order:
        case "return":
            return
        case "raise":
            raise ValueError("the walker stumbled")
        case "crash":
            os._exit(3)
        case "poll":
            _until_asked()
        case "stick":
            _for_ever()


def _until_asked() -> None:
    """End in one's own time, as models that poll do."""
    ctx, number = get_ctx(), 0
    while not ctx.should_stop():
        ctx.emit_frame(pattern.draw(number, *SIZE))
        number += 1
        ctx.wait(1 / FPS)
    time.sleep(0.2)


def _for_ever() -> None:
    while True:
        with contextlib.suppress(BaseException):
            get_ctx().emit_frame(pattern.draw(0, *SIZE))
        time.sleep(1 / FPS)


def _take(file: Path) -> str:
    try:
        order = file.read_text()
        file.unlink()
    except FileNotFoundError:
        return ""
    return order
