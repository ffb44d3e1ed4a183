"""Bounded async streams that several readers can follow, each at its own pace; the oldest items give way."""

import asyncio
import weakref
from collections import deque
from collections.abc import Callable
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Subscription(Generic[T]):
    """One reader of a `Feed`: an async iterator. Use it in one task."""

    def __init__(self, capacity: int, capacity_bytes: int | None) -> None:
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._items: deque[tuple[T, int]] = deque()
        self._size_bytes = 0
        self._changed = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None
        self.dropped = 0
        """Items that gave way to newer ones because they weren't read in time."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        item, size_bytes = self._items.popleft()
        self._size_bytes -= size_bytes
        return item

    def _put(self, item: T, size_bytes: int) -> None:
        self._items.append((item, size_bytes))
        self._size_bytes += size_bytes
        while len(self._items) > self._capacity or self._too_heavy():
            self._size_bytes -= self._items.popleft()[1]
            self.dropped += 1
        self._changed.set()

    def _too_heavy(self) -> bool:
        limit = self._capacity_bytes
        return limit is not None and self._size_bytes > limit and len(self._items) > 1

    def _end(self, error: Exception | None) -> None:
        self._ended = True
        self._error = error
        self._changed.set()


class Feed(Generic[T]):
    """A source of items.

    What comes before the first reader is kept for it, within the capacity.

    Args:
        capacity: items kept for a reader that is behind.
        capacity_bytes: their weight at most; one item is always kept.
    """

    def __init__(self, capacity: int, capacity_bytes: int | None = None) -> None:
        self._new: Callable[[], Subscription[T]] = lambda: Subscription(capacity, capacity_bytes)
        self._kept: Subscription[T] | None = self._new()
        # Weak: an iterator that the application has dropped must not go on collecting.
        self._readers: weakref.WeakSet[Subscription[T]] = weakref.WeakSet([self._kept])
        self._end: tuple[Exception | None] | None = None

    @property
    def ended(self) -> bool:
        """Nothing more will come."""
        return self._end is not None

    @property
    def reader_count(self) -> int:
        """How many readers there are, the one to come included."""
        return len(self._readers)

    def put(self, item: T, size_bytes: int = 0) -> None:
        """Hand an item to all readers; never waits."""
        for reader in self._readers:
            reader._put(item, size_bytes)  # noqa: SLF001 - the two classes are one

    def subscribe(self) -> Subscription[T]:
        """Follow the feed from now on (the first reader: from the beginning)."""
        if self._kept is not None:
            reader, self._kept = self._kept, None
            return reader
        reader = self._new()
        if self._end is None:
            self._readers.add(reader)
        else:
            reader._end(*self._end)  # noqa: SLF001
        return reader

    def end(self, error: Exception | None = None) -> None:
        """End all readers once they have read what is there; with `error` they raise it then."""
        self._end = (error,)
        for reader in self._readers:
            reader._end(error)  # noqa: SLF001
