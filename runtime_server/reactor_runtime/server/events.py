"""The runtime's events: numbered, sent to all who listen, as server-sent events."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable

import structlog
from starlette.types import Receive, Scope, Send

from reactor_protocol.frontend import to_json
from reactor_protocol.runtime import HEARTBEAT_S, Heartbeat, RuntimeEvent, Snapshot

_log = structlog.get_logger(__name__)

QUEUE = 1000  # events a listener may be behind: minutes of them
MAX_LISTENERS = 64
END_S = 0.2  # to a listener that doesn't read even the end can't be sent


class Subscription:
    """One listener's queue; `texts` ends when it is cut."""

    def __init__(self, first: str) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue(QUEUE + 1)
        self._queue.put_nowait(first)
        self.cut = asyncio.Event()

    def put(self, text: str) -> None:
        """Queue an event's JSON; a listener that is too far behind is cut."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            _log.warning("a listener to the events is too slow; it is cut")
            self.cut.set()

    async def texts(self) -> AsyncIterator[str]:
        """Yield events as JSON until the subscription is cancelled from outside."""
        while True:
            yield await self._queue.get()


class EventHub:
    """Numbers events and hands them to every subscription."""

    def __init__(self) -> None:
        self.instance = secrets.token_hex(8)
        """New for each process: numbers of another one mean nothing."""
        self._seq = 0
        self._subscriptions: set[Subscription] = set()
        self._silent_since_s: float | None = time.monotonic()
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._subscriptions)

    @property
    def accepting(self) -> bool:
        """Whether another listener may come."""
        return not self._closed and len(self._subscriptions) < MAX_LISTENERS

    def silence_s(self) -> float:
        """For how long nobody has listened; 0 while somebody does."""
        return 0.0 if self._silent_since_s is None else time.monotonic() - self._silent_since_s

    def publish(self, event: RuntimeEvent) -> None:
        """Number the event and send it to all."""
        self._seq += 1
        text = self._text(event)
        for subscription in self._subscriptions:
            subscription.put(text)

    def subscribe(self, snapshot: Snapshot) -> Subscription:
        """Add a listener that gets `snapshot` first, and all that is published from now on."""
        subscription = Subscription(self._text(snapshot))
        self._subscriptions.add(subscription)
        self._silent_since_s = None
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """The listener is gone."""
        self._subscriptions.discard(subscription)
        if not self._subscriptions and self._silent_since_s is None:
            self._silent_since_s = time.monotonic()

    async def beat(self) -> None:
        """Send a heartbeat every `HEARTBEAT_S`, until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self.publish(Heartbeat())

    def close(self) -> None:
        """Cut all listeners."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.cut.set()

    def _text(self, event: RuntimeEvent) -> str:
        return to_json(event.model_copy(update={"seq": self._seq, "instance": self.instance}))


class EventStream:
    """An ASGI response that sends a subscription as `text/event-stream`.

    Our own, because every one of its tasks ends with the request and a listener that doesn't read can be cut.
    """

    def __init__(self, hub: EventHub, snapshot: Callable[[], Snapshot]) -> None:
        self._hub = hub
        self._snapshot = snapshot

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the listener leaves or is cut."""
        subscription = self._hub.subscribe(self._snapshot())
        tasks = [
            asyncio.create_task(_send_events(subscription, send), name="send events"),
            asyncio.create_task(_until_gone(receive), name="watch a listener"),
            asyncio.create_task(subscription.cut.wait(), name="cut a listener"),
        ]
        try:
            await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
        finally:
            self._hub.unsubscribe(subscription)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await send({"type": "http.response.body", "body": b""})


async def _send_events(subscription: Subscription, send: Send) -> None:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async for text in subscription.texts():
        await send({"type": "http.response.body", "body": b"data: " + text.encode() + b"\n\n", "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
