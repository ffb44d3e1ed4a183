"""What `/health` and `/ready` say."""

from typing import Any

from reactor_coordinator.coordinator import Coordinator
from reactor_coordinator.runtime_view import RuntimeView

_TOLD_OF_DOWNLOAD = {"folder", "total_bytes", "done_bytes", "speed_bytes_s", "eta_s"}


def health(coordinator: Coordinator) -> dict[str, Any]:
    """`status`, `active_connections` and `runtime` are fixed names; the rest is ours."""
    broker = coordinator.broker
    reason = not_ready_reason(coordinator)
    runtime = broker.runtime
    return {
        "status": "healthy" if reason is None else "degraded",
        "active_connections": len(coordinator.sockets),
        "runtime": {
            "state": runtime.state,
            "stage": runtime.stage,
            "progress": runtime.progress,
            "download": None if runtime.download is None else runtime.download.model_dump(include=_TOLD_OF_DOWNLOAD),
            "error": None if runtime.error is None else runtime.error.message,
        },
        "model": {"name": runtime.model_name, "version": runtime.model_version},
        "session": None if broker.current is None else broker.current.state.value,
        "queue_length": len(broker.line),
        "room_prepared": broker.keeper.standby is not None and broker.keeper.standby.ready,
        "reason": reason,
    }


def not_ready_reason(coordinator: Coordinator) -> str | None:
    """Why no session could start or queue behind one; None: it could."""
    broker = coordinator.broker
    if broker.shutting_down:
        return "shutting down"
    reason = _runtime_reason(broker.runtime) or coordinator.livekit_error
    if reason is not None:
        return reason
    idle = broker.current is None and broker.runtime.state == "ready"
    if idle and (broker.keeper.standby is None or broker.keeper.failing):
        return "no room is prepared yet"
    return "the queue is full" if broker.line.full else None


def _runtime_reason(runtime: RuntimeView) -> str | None:
    match runtime.state:
        case "unreachable":
            return "the runtime server can't be reached"
        case "failed":
            return f"the model didn't load: {runtime.error.message if runtime.error else 'see the log'}"
        case "loading":
            return f"the model is loading ({runtime.stage or 'starting'})"
        case _:
            return None
