"""What tests ask of a client: wait for this message, that event, the next picture with a number."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from reactor_client import Event, Frame, ReactorClient, Subscription
from support import pattern
from support.limits import PATIENCE_S

E = TypeVar("E")


async def next_message(messages: Subscription[Any], kind: str) -> Any:
    """The data of the model's next message of that type."""
    async with asyncio.timeout(PATIENCE_S):
        async for message in messages:
            if isinstance(message, dict) and message.get("type") == kind:
                return message["data"]
    raise AssertionError(f"the session ended before a {kind!r} came")


async def next_event(
    events: Subscription[Event], kind: type[E], wanted: Callable[[E], bool] = lambda _event: True
) -> E:
    """The next event of that class which is wanted."""
    async with asyncio.timeout(PATIENCE_S):
        async for event in events:
            if isinstance(event, kind) and wanted(event):
                return event
    raise AssertionError


async def numbered(frames: Subscription[Frame], count: int = 1) -> list[tuple[int, Frame]]:
    """The next pictures that carry a number of the test pattern."""
    found: list[tuple[int, Frame]] = []
    async with asyncio.timeout(PATIENCE_S):
        async for frame in frames:
            number = pattern.read(frame.pixels).number
            if number is not None:
                found.append((number, frame))
                if len(found) == count:
                    return found
    raise AssertionError("the session ended before the pictures came")


async def instance(client: ReactorClient, messages: Subscription[Any]) -> dict[str, Any]:
    """What the stage tells about itself."""
    await client.send_command("tell")
    told: dict[str, Any] = await next_message(messages, "instance")
    return told
