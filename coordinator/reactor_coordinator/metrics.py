"""Counters for `GET /metrics`, in the Prometheus text format."""

from collections import Counter

from reactor_protocol.frontend import ErrorMessage, ServerMessage, SessionEnded

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What happened since the start."""

    def __init__(self) -> None:
        self.grants = 0
        self._ended: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()

    def count(self, message: ServerMessage) -> None:
        """Take a message to a client into account."""
        if isinstance(message, SessionEnded):
            self._ended[message.data.reason] += 1
        elif isinstance(message, ErrorMessage):
            self._errors[message.data.code] += 1

    def render(self, *, connections: int, waiting: int, active: bool, runtime_state: str) -> str:
        """All of it as text."""
        lines = [
            *_metric("connections", "gauge", "Open client sockets.", {"": connections}),
            *_metric("waiting_clients", "gauge", "Clients in the queue.", {"": waiting}),
            *_metric("session_active", "gauge", "1 while a session runs.", {"": int(active)}),
            *_metric("runtime_state", "gauge", "The runtime's state.", {f'{{state="{runtime_state}"}}': 1}),
            *_metric("assignments_total", "counter", "Sessions granted or resumed.", {"": self.grants}),
            *_metric("sessions_ended_total", "counter", "Ends clients were told.", _labelled("reason", self._ended)),
            *_metric("errors_total", "counter", "Errors told to clients.", _labelled("code", self._errors)),
        ]
        return "\n".join(lines) + "\n"


def _labelled(name: str, counts: Counter[str]) -> dict[str, int]:
    return {f'{{{name}="{value}"}}': count for value, count in sorted(counts.items())}


def _metric(name: str, kind: str, text: str, values: dict[str, int]) -> list[str]:
    full = f"reactor_coordinator_{name}"
    return [
        f"# HELP {full} {text}",
        f"# TYPE {full} {kind}",
        *(f"{full}{labels} {value}" for labels, value in values.items()),
    ]
