"""The client's camera on its way into the worker: three slots, the latest picture wins."""

from collections.abc import Callable

import numpy as np
import structlog

from reactor_runtime.transport.base import Rotation
from reactor_runtime.worker.messages import InputFrame, InputRing, ToWorker
from reactor_runtime.worker.ring import RingMemoryError, SharedRing

_log = structlog.get_logger(__name__)

SLOTS = 3  # one in the model's hands, one waiting for it, one to write into


class Camera:
    """Writes pictures into a ring that it shares with one worker.

    Args:
        send: queues a message for that worker, with a file descriptor.
    """

    def __init__(self, send: Callable[[ToWorker, int | None], bool]) -> None:
        self._send = send
        self._ring: SharedRing | None = None
        self._generation = 0
        self._free: set[int] = set()
        self.dropped = 0
        """Pictures for which no slot was free: the model is slower than the camera, as it may be."""

    def show(self, session_id: str, pixels: memoryview, width: int, height: int, rotation: Rotation) -> None:
        """Hand a picture to the model: RGB24, `width * height * 3` bytes, copied."""
        size = width * height * 3
        if pixels.nbytes != size or not self._fits(size) or self._ring is None or not self._free:
            self.dropped += 1
            return
        slot = self._free.pop()
        np.copyto(self._ring.slot(slot)[:size], np.frombuffer(pixels, np.uint8))
        self._send(InputFrame(session_id, self._generation, slot, width, height, rotation), None)

    def done(self, generation: int, slot: int) -> None:
        """The worker has given a slot back."""
        if generation == self._generation and 0 <= slot < SLOTS:
            self._free.add(slot)

    def close(self) -> None:
        """Give the memory back."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def _fits(self, size: int) -> bool:
        if self._ring is not None and size <= self._ring.slot_bytes:
            return True
        try:
            ring = SharedRing.create(SLOTS, size)
        except RingMemoryError as error:
            _log.error("the camera's picture is dropped", error=str(error))
            return False
        self.close()
        self._ring = ring
        self._generation += 1
        self._free = set(range(SLOTS))
        self._send(InputRing(self._generation, SLOTS, size), ring.fd)
        return True
