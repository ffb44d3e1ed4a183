"""What must hold after a fault: the next session works, and nothing is left of the one before."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import psutil

from reactor_client import ReactorClient
from support import shared_memory
from support.limits import PATIENCE_S
from support.stack import Stack
from support.viewer import numbered

SLACK = 4
"""Threads and descriptors that come and go by themselves: kept-alive connections between the servers."""
_POLL_S = 0.1
_REST_S = 0.5  # a connect takes a tenth of it


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server holds."""

    threads: int
    fds: int
    children: tuple[str, ...]
    """Names of the programs below it, sorted."""


@dataclass(frozen=True, slots=True)
class Held:
    """What there is while nothing is going on."""

    servers: dict[str, Usage]
    shared_memory: frozenset[str]


def usage(stack: Stack) -> dict[str, Usage]:
    """What each of the stack's servers holds."""
    found: dict[str, Usage] = {}
    for name, child in stack.children.items():
        process = psutil.Process(child.pid)
        found[name] = Usage(process.num_threads(), process.num_fds(), tuple(sorted(_names(process))))
    return found


def _names(parent: psutil.Process) -> list[str]:
    found: list[str] = []
    for process in parent.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found.append(process.name())
    return found


async def held_at_rest(stack: Stack) -> Held:
    """What there is once the programs that the stack's servers have run are over (the SDK runs `lsb_release`)."""
    deadline_s = time.monotonic() + PATIENCE_S
    found = usage(stack)
    while True:
        await asyncio.sleep(_REST_S)
        past, found = found, usage(stack)
        if all(found[name].children == past[name].children for name in found):
            return Held(found, shared_memory.blocks())
        assert time.monotonic() < deadline_s, f"never at rest: {past}, then {found}"


def rss_mib(stack: Stack, name: str) -> float:
    """Resident memory of one of the stack's servers."""
    return float(psutil.Process(stack.children[name].pid).memory_info().rss / 2**20)


async def session_of(stack: Stack) -> str | None:
    """The id of the session that the runtime server has."""
    found = (await stack.ask_runtime("/session")).json()
    return None if found is None else str(found["session_id"])


async def serves(stack: Stack) -> None:
    """A new client gets pictures."""
    client = ReactorClient(stack.url)
    await client.connect(PATIENCE_S)
    try:
        await numbered(client.frames(), 2)
    finally:
        await client.disconnect()


async def nothing_left(stack: Stack, before: Held) -> None:
    """Wait until the stack is idle and holds no more than `before`."""
    deadline_s = time.monotonic() + PATIENCE_S
    while left := await _left(stack, before):
        assert time.monotonic() < deadline_s, left
        await asyncio.sleep(_POLL_S)


async def _left(stack: Stack, before: Held) -> list[str]:
    health = (await stack.get("/health")).json()
    state = {name: health[name] for name in ("session", "queue_length", "active_connections", "room_prepared")}
    idle = {"session": None, "queue_length": 0, "active_connections": 0, "room_prepared": True}
    left = [] if state == idle else [f"not idle: {state}"]
    if (session := await session_of(stack)) is not None:
        left.append(f"the runtime has the session {session}")
    if len(rooms := await stack.rooms()) > 1:
        left.append(f"rooms besides the prepared one: {rooms}")
    if more_memory := shared_memory.blocks() - before.shared_memory:
        left.append(f"blocks of shared memory: {sorted(more_memory)}")
    for name, held in usage(stack).items():
        past = before.servers[name]
        more = Counter(held.children) - Counter(past.children)
        if held.threads > past.threads + SLACK or held.fds > past.fds + SLACK or more:
            left.append(f"the {name} holds {held}, before {past}")
    return left
