"""Work with weights that may take long: on a thread of its own, shown, and ended at once by Ctrl-C."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Generic, TypeVar

from reactor_cli.display.transfers import TransferDisplay, choose_transfer_display
from reactor_cli.errors import CliError, UsageProblem
from reactor_runtime.errors import ReactorError
from reactor_runtime.weights.errors import StoppedError, UnsafeKeyError
from reactor_runtime.weights.registry import RegistryListener, RegistryProgress
from reactor_runtime.weights.report import download_of

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

_POLL_S = 0.1
_SHOW_S = 0.1
_LAST_WORDS_S = 2.0  # for the work to end by itself after a stop; what it has written is good at any moment

T = TypeVar("T")
Work = Callable[[threading.Event, RegistryListener], T]
"""Gets what is set to end it, and whom to tell how far it is."""


def run_transfer(work: Work[T], *, doing: str, resumes: str) -> T:
    """Return what `work` returns.

    Args:
        doing: for people: `Fetching weights`.
        resumes: what is said after Ctrl-C.

    Raises:
        UsageProblem: a name that can't be one.
        CliError: it failed.
        SystemExit: Ctrl-C or SIGTERM, which end this process however far the work's threads are.
    """
    display = choose_transfer_display(doing)
    job = _Job(work, display)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, job.on_signal)
    job.thread.start()
    while job.thread.is_alive() and not job.stop.is_set():
        job.thread.join(_POLL_S)
    if job.stop.is_set():
        job.thread.join(_LAST_WORDS_S)
    display.close()
    if job.stop.is_set() and not job.results:
        sys.stderr.write(f"Stopped. {resumes}\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # not sys.exit: it would wait for threads that wait for a network
    return job.result()


class _Job(Generic[T]):
    def __init__(self, work: Work[T], display: TransferDisplay) -> None:
        self._work = work
        self._display = display
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._shown_s = 0.0
        self.results: list[T] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, name="transfer", daemon=True)

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.stop.is_set():
            os._exit(INTERRUPTED)
        self.stop.set()

    def result(self) -> T:
        error = self._error
        if error is None:
            return self.results[0]
        if isinstance(error, UnsafeKeyError):
            raise UsageProblem(str(error)) from None
        if isinstance(error, ReactorError):
            raise CliError(str(error)) from None
        raise error

    def _run(self) -> None:
        try:
            self.results.append(self._work(self.stop, self._show))
        except StoppedError:
            self.stop.set()
        except BaseException as error:  # noqa: BLE001 - told on the main thread
            self._error = error

    def _show(self, progress: RegistryProgress) -> None:
        with self._lock:
            now_s = time.monotonic()
            is_end = progress.done_bytes >= progress.total_bytes
            if not self.stop.is_set() and (now_s - self._shown_s >= _SHOW_S or is_end):
                self._shown_s = now_s
                self._display.show(download_of(progress))
