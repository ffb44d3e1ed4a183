"""The states of the runtime server, and what leads from one to the next.

    loading -> ready -> starting -> active -> stopping -> ready
       |        |_______________________________|
       v                   worker lost: -> loading
     failed

Every state that waits has a way out: `loading` ends with the worker's word or its process; `starting` by the deadline
for publishing; `active` by the client, the model, the join and idle timeouts or a lost listener; `stopping` by the kill
grace; `failed` by a change in the model's folder or a request.
"""

from collections.abc import Mapping
from enum import StrEnum

from reactor_protocol.runtime import RuntimeState


class Trigger(StrEnum):
    """What may happen to the runtime."""

    LOADED = "loaded"
    """The worker has constructed the model."""
    LOAD_FAILED = "load_failed"
    """The model didn't load, or its process ended too often."""
    RELOAD = "reload"
    """A new worker is being started on purpose."""
    WORKER_LOST = "worker_lost"
    """The worker's process ended by itself or was killed; a new one is started."""
    GRANT = "grant"
    """A session was accepted."""
    PUBLISHED = "published"
    """The session's track is up."""
    END = "end"
    """The session's end was decided."""
    WORKER_FREE = "worker_free"
    """The model has left `start_session` and its callbacks."""


TRANSITIONS: Mapping[tuple[RuntimeState, Trigger], RuntimeState] = {
    ("loading", Trigger.LOADED): "ready",
    ("loading", Trigger.LOAD_FAILED): "failed",
    ("loading", Trigger.RELOAD): "loading",
    ("loading", Trigger.WORKER_LOST): "loading",
    ("ready", Trigger.GRANT): "starting",
    ("ready", Trigger.RELOAD): "loading",
    ("ready", Trigger.WORKER_LOST): "loading",
    ("starting", Trigger.PUBLISHED): "active",
    ("starting", Trigger.END): "stopping",
    ("active", Trigger.END): "stopping",
    ("stopping", Trigger.WORKER_FREE): "ready",
    ("stopping", Trigger.WORKER_LOST): "loading",
    ("failed", Trigger.RELOAD): "loading",
}


class TransitionError(RuntimeError):
    """The table has no such step: a mistake in the code that asked for it."""


class Machine:
    """The runtime's state; it changes only by `fire`."""

    def __init__(self) -> None:
        self._state: RuntimeState = "loading"

    @property
    def state(self) -> RuntimeState:
        """Where the runtime is."""
        return self._state

    def fire(self, trigger: Trigger) -> RuntimeState:
        """Take the step and return the new state.

        Raises:
            TransitionError: it isn't in the table; the state stays.
        """
        target = TRANSITIONS.get((self._state, trigger))
        if target is None:
            raise TransitionError(f"{trigger} can't happen in state {self._state}")
        self._state = target
        return target
