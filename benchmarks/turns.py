"""Product and floor taking turns, so that both meet the same machine."""

import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import TypeVar

from livekit import rtc
from websockets.exceptions import WebSocketException

from benchmarks.floor import Floor
from benchmarks.format import Format
from benchmarks.product import Stack
from benchmarks.stretch import Stretch
from benchmarks.viewer import Viewer
from reactor_coordinator.errors import RoomError

SETTLE_S = 3.0
"""The first seconds belong to the bandwidth estimate."""

STRETCH_S = 5.0

FAILURES = (OSError, WebSocketException, rtc.ConnectError, RoomError)  # time-outs and lost connections are OSErrors
"""What a session that doesn't work ends with."""

Session = Callable[[], AbstractAsyncContextManager[Viewer]]
T = TypeVar("T")


async def tried(work: Awaitable[T], samples: list[T]) -> int:
    """Add a sample; 1 if there was none to add, which is told. A missing one of the floor's is told, no more."""
    try:
        samples.append(await work)
    except FAILURES as error:
        print(f"failed: {type(error).__name__} {error}", file=sys.stderr)
        return 1
    return 0


async def stretches(
    count: int,
    running: Stack,
    bare: Floor,
    video: Format,
    beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> tuple[list[Stretch], list[Stretch]]:
    """`count` stretches of the product and of the floor, each in a session of its own.

    Args:
        count: of each.
        running, bare, video: what is measured.
        beside: what runs beside the floor.
    """
    ours, floors = [], []
    for _ in range(count):
        ours.append(await steady(partial(running.session, video.codec)))
        async with beside():
            floors.append(await steady(bare.session))
    return ours, floors


async def steady(session: Session) -> Stretch:
    """A stretch of steady video in a session of its own."""
    async with session() as viewer:
        return await viewer.stretch(STRETCH_S, SETTLE_S)


def pooled(parts: list[Stretch], samples: Callable[[Stretch], list[float]]) -> list[float]:
    """The samples of all stretches."""
    return [value for part in parts for value in samples(part)]
