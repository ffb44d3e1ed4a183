"""What tests of faults ask of a stack and of a client: how a session ended, what the log says."""

import asyncio
import json
import time
from typing import Any

from reactor_client import ReactorClient, ReactorError, SessionEndedError
from support.limits import PATIENCE_S
from support.stack import Stack


def log_entries(stack: Stack, since: int = 0) -> list[dict[str, Any]]:
    """The structured lines of the stack's log, from line `since` on."""
    entries = []
    for line in list(stack.log)[since:]:
        try:
            entry = json.loads(line.partition("] ")[2])
        except ValueError:
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    return entries


async def until_logged(stack: Stack, *words: str, since: int = 0) -> dict[str, Any]:
    """Wait for an entry in whose texts all the words are."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        for entry in log_entries(stack, since):
            text = "\n".join(str(value) for value in entry.values())
            if all(word in text for word in words):
                return entry
        assert time.monotonic() < deadline_s, f"not in the log: {words}"
        await asyncio.sleep(0.05)


async def end_of(client: ReactorClient) -> SessionEndedError | None:
    """Wait for the session's end as its client is told; None: the model finished."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for _ in client.frames():
                pass
    except SessionEndedError as end:
        return end
    except ReactorError as error:
        raise AssertionError(f"the client was told {error.code}") from error
    return None
