"""A call that may take long, on a thread of its own, so that a stop is answered at once."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from reactor_runtime.weights.download.patience import Patience
from reactor_runtime.weights.errors import RegistryUnreachableError, StoppedError

_POLL_S = 0.05

T = TypeVar("T")


Question = Callable[[Callable[[], None]], T]
"""Calls what it is given whenever the registry has answered a part of it."""


def ask(question: Question[T], stop: threading.Event, patience_s: float) -> T:
    """The answer of the registry to `question`, which is asked again while the registry can't be reached.

    After a stop the thread ends with the question's own deadline; nobody looks at its answer.

    Raises:
        StoppedError: `stop` was set.
        RegistryUnreachableError: for `patience_s` nothing was answered.
        RegistryError: whatever else the question raises.
    """
    call = _Call(question, Patience(patience_s), stop)
    thread = threading.Thread(target=call.run, name="ask-registry", daemon=True)
    thread.start()
    while thread.is_alive() or stop.is_set():
        if stop.is_set():
            raise StoppedError("stopped while the registry was asked.")
        thread.join(_POLL_S)
    return call.result()


class _Call(Generic[T]):
    def __init__(self, question: Question[T], patience: Patience, stop: threading.Event) -> None:
        self._question = question
        self._patience = patience
        self._stop = stop
        self._answers: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        attempt = 0
        try:
            while not self._answers:
                try:
                    self._answers.append(self._question(self._patience.heard))
                except RegistryUnreachableError as error:
                    if self._stop.is_set():
                        raise
                    self._patience.pause(error, attempt, self._stop)
                    attempt += 1
        except BaseException as error:  # noqa: BLE001 - raised by `result`, on the thread that asked
            self._error = error

    def result(self) -> T:
        if self._error:
            raise self._error
        return self._answers[0]
