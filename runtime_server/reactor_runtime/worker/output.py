"""A session's frames and messages on their way out: the ring's slots, and how far the model may run ahead."""

import contextlib
import logging
import threading
import time

import numpy as np
from numpy.typing import NDArray

from reactor_protocol.application import MAX_MESSAGE_BYTES
from reactor_runtime.context import OUTPUT_TRACK
from reactor_runtime.errors import SessionStopped
from reactor_runtime.frames import Pictures, Size, read
from reactor_runtime.jsonable import to_json
from reactor_runtime.media.frame import USUAL_AHEAD
from reactor_runtime.stopping import StopGate
from reactor_runtime.worker.channel import Channel, ChannelClosedError
from reactor_runtime.worker.messages import Frame, FrameDone, Message, ModelMessage, OutputRing, ToWorker
from reactor_runtime.worker.ring import SharedRing

logger = logging.getLogger("reactor_runtime")

RING_LIMIT_BYTES = 512 * 1024 * 1024
"""The ring's memory at most; blocks that don't fit go through it piece by piece."""

_FEWEST_SLOTS = 4
_BLOCKS_AHEAD = 2  # the one that plays and one that is ready: more would only be delay
_MESSAGES_UNDER_WAY = 256
_MESSAGE_BYTES_UNDER_WAY = MAX_MESSAGE_BYTES


def slot_count(block: int, slot_bytes: int) -> int:
    """Slots of a ring for blocks of up to `block` frames of `slot_bytes` each.

    Raises:
        ValueError: not even two frames fit into the memory allowed.
    """
    most = RING_LIMIT_BYTES // slot_bytes
    if most < USUAL_AHEAD:
        raise ValueError(f"a frame of {slot_bytes:,} bytes is too large: at most {RING_LIMIT_BYTES // 2:,} are allowed")
    return min(max(_FEWEST_SLOTS, 2 * block), most)


class Ring:
    """The worker's output ring and which of its slots are free; lives as long as the worker.

    Parameters:
        channel: to tell of a new ring.
        changed: guards the slots; notified when one becomes free.
    """

    def __init__(self, channel: Channel[ToWorker], changed: threading.Condition) -> None:
        self._channel = channel
        self._changed = changed
        self._memory: SharedRing | None = None
        self._views: list[NDArray[np.uint8]] = []
        self.generation = 0
        self.free: list[int] = []

    def fit(self, block: int, frame_bytes: int) -> None:
        """Make a larger ring if blocks of `block` frames of `frame_bytes` need one; its slots are all free.

        Raises:
            RingMemoryError: there isn't enough memory.
            ValueError: the frames are too large.
        """
        old = self._memory
        if old is not None and frame_bytes <= old.slot_bytes and slot_count(block, frame_bytes) <= old.slots:
            return
        slot_bytes = max(frame_bytes, old.slot_bytes if old else 0)
        slots = slot_count(block, slot_bytes)
        if old is not None and slot_bytes == old.slot_bytes and slots <= old.slots:
            return  # as large as it may be
        memory = SharedRing.create(slots, slot_bytes)
        with self._changed:
            self.generation += 1
            self.free = list(range(slots))
            self._memory, self._views = memory, [memory.slot(index) for index in range(slots)]
        _send(self._channel, OutputRing(self.generation, slots, slot_bytes), memory.fd)
        memory.close()

    def view(self, slot: int) -> NDArray[np.uint8]:
        """The bytes of a slot."""
        return self._views[slot]

    def give_back(self, generation: int, slot: int) -> None:
        """A slot is free again, unless it belongs to an earlier ring. Call with `changed` held."""
        if generation == self.generation:
            self.free.append(slot)


class FrameOutput:
    """The frames of one session.

    Parameters:
        size: of a black frame before the first real one.
    """

    def __init__(self, session_id: str, channel: Channel[ToWorker], ring: Ring, gate: StopGate, size: Size) -> None:
        self._session_id = session_id
        self._channel = channel
        self._ring = ring
        self._gate = gate
        self._size = size
        self._emitting = threading.Lock()
        self._under_way: dict[tuple[int, int], int] = {}
        self._left: dict[int, int] = {}
        self._begin_at_s = 0.0
        self._ahead = 0  # what is made while nobody watches yet would be old when somebody does
        self._emit = 0
        self._number = 0
        self._returned_at_s = time.monotonic()
        self._warned = False

    def entered(self) -> None:
        """`start_session` is called now: the model's working time begins."""
        self._returned_at_s = time.monotonic()

    def emit(self, frames: object) -> None:
        """Convert frames and hand them over; waits while as many are under way as may be."""
        called_at_s = time.monotonic()
        if not self._gate.admit():
            return
        with self._emitting:
            work_s = max(0.0, called_at_s - self._returned_at_s)
            pictures = read(frames, self._size)
            if pictures.count:
                self._size = pictures.size
                self._warn(pictures)
                self._hand_over(pictures, called_at_s, work_s)
            self._returned_at_s = time.monotonic()

    def done(self, frame: FrameDone) -> None:
        """A frame was played or dropped. Call with the ring's condition held."""
        self._ahead, self._begin_at_s = frame.ahead, frame.begin_at_s
        emit = self._under_way.pop((frame.generation, frame.slot), None)
        if emit is None:
            return
        self._left[emit] -= 1
        if not self._left[emit]:
            del self._left[emit]

    def _hand_over(self, pictures: Pictures, called_at_s: float, work_s: float) -> None:
        changed, ring = self._gate.changed, self._ring
        single = pictures.count == 1
        with changed:
            if not self._gate.wait_until(lambda: len(self._left) < self._most_under_way(single=single)):
                return
        ring.fit(pictures.count, pictures.size.frame_bytes)
        self._emit += 1
        for index in range(pictures.count):
            with changed:
                if not self._gate.wait_until(lambda: bool(ring.free)):
                    return
                slot = ring.free.pop()  # the one used last is still in the cache
                self._left.setdefault(self._emit, pictures.count)
                self._under_way[ring.generation, slot] = self._emit
            pictures.write(index, ring.view(slot))
            self._tell((ring.generation, slot), pictures, index, called_at_s, work_s)
        if single and self._ahead == 0:
            with changed:
                self._gate.wait_or_end(lambda: not self._left)
            self._gate.wait_or_end_at(self._begin_at_s)

    def _most_under_way(self, *, single: bool) -> int:
        return max(self._ahead, 1) if single else _BLOCKS_AHEAD

    def _tell(self, place: tuple[int, int], pictures: Pictures, index: int, called_at_s: float, work_s: float) -> None:
        frame = Frame(
            session_id=self._session_id,
            track=OUTPUT_TRACK,
            generation=place[0],
            slot=place[1],
            number=self._number,
            width=pictures.size.width,
            height=pictures.size.height,
            emitted_at_s=called_at_s,
            work_s=work_s,
            block_index=index,
            block_size=pictures.count,
        )
        self._number += 1
        _send(self._channel, frame)

    def _warn(self, pictures: Pictures) -> None:
        if self._warned:
            return
        far = pictures.far_outside()
        if far is not None:
            self._warned = True
            logger.warning(
                "float frames with values from %.3g to %.3g: 0..1 is expected, the rest is cut off. "
                "Scale them (x / 255 for 0..255, (x + 1) / 2 for -1..1) or emit uint8.",
                *far,
            )


class MessageOutput:
    """The messages of one session to its client."""

    def __init__(self, session_id: str, channel: Channel[ToWorker], gate: StopGate) -> None:
        self._session_id = session_id
        self._channel = channel
        self._gate = gate
        self._sending = threading.Lock()
        self._count = 0
        self._bytes = 0

    def send(self, message: object) -> None:
        """Convert a message and hand it over; waits while too many are under way."""
        if not self._gate.admit():
            return
        data = to_json(message)
        if len(data) > MAX_MESSAGE_BYTES:
            raise ValueError(f"a message of {len(data):,} bytes; at most {MAX_MESSAGE_BYTES:,} are allowed")
        with self._sending:
            with self._gate.changed:
                if not self._gate.wait_until(lambda: self._has_room(len(data))):
                    return
                self._count += 1
                self._bytes += len(data)
            _send(self._channel, ModelMessage(self._session_id, data))

    def done(self, size_bytes: int) -> None:
        """A message was sent or dropped. Call with the gate's condition held."""
        self._count -= 1
        self._bytes -= size_bytes

    def _has_room(self, size_bytes: int) -> bool:
        fits = self._bytes + size_bytes <= _MESSAGE_BYTES_UNDER_WAY
        return not self._count or (self._count < _MESSAGES_UNDER_WAY and fits)


def _send(channel: Channel[ToWorker], message: Message, fd: int | None = None) -> None:
    try:
        channel.send(message, fd)
    except ChannelClosedError:
        raise SessionStopped("the runtime server is gone") from None


def send_quietly(channel: Channel[ToWorker], message: Message) -> None:
    """Send where nobody is left to tell when the other end is gone."""
    with contextlib.suppress(ChannelClosedError):
        channel.send(message)
