"""The first thing that a worker does: fetch the weights that the manifest lists.

Here and not in the runtime server: the worker is there anyway, can be killed at any moment without harm, and takes the
download's threads and memory off the process that answers requests.
"""

import threading
import time
from collections.abc import Sequence

from reactor_runtime.weights.registry import Registry, RegistryProgress
from reactor_runtime.worker.channel import Channel
from reactor_runtime.worker.messages import LoadProgress, ToWorker
from reactor_runtime.worker.output import send_quietly

TELL_S = 0.2
"""As often as progress is told; clients are told each percent."""


def fetch_weights(names: Sequence[str], channel: Channel[ToWorker]) -> None:
    """Return once all of the folders are complete on this machine; tells the runtime server how far it is.

    Says nothing, and asks no registry, if they are already.

    Raises:
        WeightsError: they can't be had; the text says what to do.
    """
    Registry().fetch(names, on_progress=_Teller(channel))


class _Teller:
    """Sends what it is told; called from any thread."""

    def __init__(self, channel: Channel[ToWorker]) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._told_s = 0.0

    def __call__(self, progress: RegistryProgress) -> None:
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._told_s < TELL_S and progress.done_bytes < progress.total_bytes:
                return
            from reactor_runtime.weights.report import download_of  # noqa: PLC0415 - 25 ms; most starts fetch nothing

            self._told_s = now_s
            download = download_of(progress).model_dump_json().encode()
            send_quietly(self._channel, LoadProgress("weights", progress.fraction, download))
