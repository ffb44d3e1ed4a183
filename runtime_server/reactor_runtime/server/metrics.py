"""`GET /metrics`: the Prometheus text format, version 0.0.4."""

from collections.abc import Iterable
from typing import get_args

from reactor_protocol.runtime import RuntimeState
from reactor_runtime.session.controller import Controller

CONTENT_TYPE = "text/plain; version=0.0.4"


def metrics(controller: Controller, listeners: int) -> str:
    """Write all metrics."""
    return "\n".join(_lines(controller, listeners)) + "\n"


def _lines(controller: Controller, listeners: int) -> Iterable[str]:
    counters, session, state = controller.counters, controller.session, controller.readiness.state
    stats = session.room.output.stats() if session is not None else None
    yield "# TYPE reactor_runtime_state gauge"
    for name in get_args(RuntimeState):
        yield f'reactor_runtime_state{{state="{name}"}} {int(name == state)}'
    yield from _metric("sessions_total", "counter", counters.sessions)
    yield "# TYPE reactor_runtime_session_ends_total counter"
    for reason, count in sorted(counters.ends.items()):
        yield f'reactor_runtime_session_ends_total{{reason="{reason}"}} {count}'
    yield from _metric("worker_losses_total", "counter", counters.worker_losses)
    yield from _metric("frames_total", "counter", counters.frames + (stats.frames if stats else 0))
    yield from _metric("frames_dropped_total", "counter", counters.dropped + (stats.dropped if stats else 0))
    yield from _metric("prepared_rooms", "gauge", len(controller.prepared))
    yield from _metric("event_listeners", "gauge", listeners)
    yield from _metric("session_fps", "gauge", stats.fps if stats else 0)
    yield from _metric("session_latency_seconds", "gauge", (stats.latency_ms if stats else 0) / 1000)


def _metric(name: str, kind: str, value: float) -> Iterable[str]:
    yield f"# TYPE reactor_runtime_{name} {kind}"
    yield f"reactor_runtime_{name} {value:g}" if isinstance(value, float) else f"reactor_runtime_{name} {value}"
