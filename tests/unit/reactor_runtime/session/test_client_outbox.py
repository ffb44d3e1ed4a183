import asyncio
import json

import pytest

from reactor_protocol.application import StateChanged, StateChangedData
from reactor_runtime.session.outbox import MAX_NOTICES, ClientOutbox
from reactor_runtime.transport.base import TransportError
from reactor_runtime.transport.memory import MemoryRoom, MemoryTransport
from support.limits import PATIENCE_S


class Sent:
    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.room = MemoryRoom(connected=True)
        self.outbox = ClientOutbox(MemoryTransport(self.room), self.sizes.append)

    async def run_until_empty(self) -> None:
        task = asyncio.create_task(self.outbox.run())
        async with asyncio.timeout(PATIENCE_S):
            await self.outbox.drain()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_nothing_is_sent_before_the_release_and_all_of_it_in_order_afterwards() -> None:
    sent = Sent()
    for number in range(5):
        sent.outbox.put_application(b'{"n":%d}' % number)
    task = asyncio.create_task(sent.outbox.run())
    await asyncio.sleep(0.02)
    assert sent.room.texts == []
    sent.outbox.release()
    await sent.outbox.drain()
    task.cancel()
    assert [json.loads(text) for text in sent.room.texts] == [
        {"type": "application", "data": {"n": number}} for number in range(5)
    ]
    assert sent.sizes == [7] * 5


async def test_a_text_that_cannot_be_sent_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = Sent()
    failures = iter([TransportError("full"), None])
    original = MemoryTransport.send_text

    async def flaky(self: MemoryTransport, text: str) -> None:
        if (error := next(failures)) is not None:
            raise error
        await original(self, text)

    monkeypatch.setattr(MemoryTransport, "send_text", flaky)
    sent.outbox.put_application(b"1")
    sent.outbox.put_application(b"2")
    sent.outbox.release()
    await sent.run_until_empty()
    assert sent.room.texts == ['{"type":"application","data":2}']
    assert sent.sizes == [1, 1]


async def test_closing_answers_for_every_message_that_waits_and_that_comes_later() -> None:
    sent = Sent()
    sent.outbox.put_application(b"1")
    sent.outbox.close()
    sent.outbox.put_application(b"22")
    assert sent.sizes == [1, 2]
    assert sent.room.texts == []


async def test_notices_to_a_client_that_does_not_come_are_bounded() -> None:
    sent = Sent()
    for _ in range(MAX_NOTICES + 10):
        sent.outbox.put_notice(StateChanged(data=StateChangedData(state="active")))
    sent.outbox.release()
    await sent.run_until_empty()
    assert len(sent.room.texts) == MAX_NOTICES
