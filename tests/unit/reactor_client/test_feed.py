import asyncio

import pytest

from reactor_client.feed import Feed


async def read(reader: object, count: int) -> list[int]:
    return [await anext(reader) for _ in range(count)]  # type: ignore[call-overload]


async def test_what_came_before_the_first_reader_is_kept_for_it() -> None:
    feed: Feed[int] = Feed(10)
    feed.put(1)
    feed.put(2)
    assert await read(feed.subscribe(), 2) == [1, 2]


async def test_a_second_reader_starts_with_what_comes() -> None:
    feed: Feed[int] = Feed(10)
    feed.put(1)
    first, second = feed.subscribe(), feed.subscribe()
    feed.put(2)
    assert await read(first, 2) == [1, 2]
    assert await read(second, 1) == [2]


async def test_the_oldest_give_way_and_are_counted() -> None:
    feed: Feed[int] = Feed(2)
    reader = feed.subscribe()
    for number in range(5):
        feed.put(number)
    assert reader.dropped == 3
    assert await read(reader, 2) == [3, 4]


async def test_heavy_items_give_way_but_the_last_one_stays() -> None:
    feed: Feed[int] = Feed(100, capacity_bytes=10)
    reader = feed.subscribe()
    for number in range(4):
        feed.put(number, 4)
    assert reader.dropped == 2
    feed.put(9, 1000)
    assert await read(reader, 1) == [9]
    feed.put(10, 10)
    assert await read(reader, 1) == [10]


async def test_a_reader_waits_for_the_next_item() -> None:
    feed: Feed[int] = Feed(10)
    reading = asyncio.ensure_future(anext(feed.subscribe()))
    await asyncio.sleep(0)
    assert not reading.done()
    feed.put(7)
    assert await reading == 7


async def test_readers_end_after_what_is_there() -> None:
    feed: Feed[int] = Feed(10)
    reader = feed.subscribe()
    feed.put(1)
    feed.end()
    assert [item async for item in reader] == [1]


async def test_readers_raise_after_what_is_there() -> None:
    feed: Feed[int] = Feed(10)
    reader = feed.subscribe()
    feed.put(1)
    feed.end(ValueError("over"))
    assert await anext(reader) == 1
    with pytest.raises(ValueError, match="over"):
        await anext(reader)


async def test_a_reader_that_comes_after_the_end_gets_what_was_kept_and_the_end() -> None:
    feed: Feed[int] = Feed(10)
    feed.put(1)
    feed.end(ValueError("over"))
    first = feed.subscribe()
    assert await anext(first) == 1
    for reader in (first, feed.subscribe()):
        with pytest.raises(ValueError, match="over"):
            await anext(reader)


async def test_a_reader_that_is_dropped_costs_nothing() -> None:
    feed: Feed[int] = Feed(10)
    feed.subscribe()
    for _ in range(50):
        reader = feed.subscribe()
        del reader
    feed.put(1)
    assert feed.reader_count <= 1
