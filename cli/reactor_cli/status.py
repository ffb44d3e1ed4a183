"""What the stack is doing, and what of a change is worth a line: pure functions of two looks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from reactor_cli.log_line import Level

if TYPE_CHECKING:
    from reactor_protocol.runtime import Download  # 0.1 s of a start that most starts don't need

Phase = Literal["starting", "loading", "ready", "starting_session", "active", "stopping", "failed"]
_STAGES = {
    "weights": "fetching weights",
    "import": "importing the model's code",
    "init": "running the model's __init__",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """Something `reactor run` itself tells.

    Args:
        kind: Stable name, for programs that read JSON lines.
        text: For people; may have several lines.
        fields: Values, for programs.
    """

    kind: str
    text: str
    level: Level = "info"
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StackStatus:
    """One look at coordinator and runtime.

    Args:
        phase: `starting`: a process doesn't answer yet (or not at the moment).
        progress: Of the model's loading, 0..1, where known.
        download: Of its weights, while it is under way.
        error: Why the model didn't load.
        accepting: The coordinator serves clients.
        waiting: Clients in the queue.
        fetching: How the LiveKit server is being had, while it is (the first start only).
    """

    phase: Phase = "starting"
    stage: str | None = None
    progress: float | None = None
    download: "Download | None" = None
    error: str | None = None
    accepting: bool = False
    waiting: int = 0
    fetching: str = ""

    @property
    def summary(self) -> str:
        """Say it in a few words."""
        if self.fetching:
            return self.fetching
        if self.phase == "loading":
            return f"{_STAGES.get(self.stage or '', 'loading the model')}{_percent(self.progress)}"
        queue = f", {self.waiting} waiting" if self.waiting else ""
        words = {
            "starting": "starting",
            "ready": "ready",
            "starting_session": "session begins",
            "active": "session under way",
            "stopping": "session ends",
            "failed": "the model didn't load",
        }
        return words[self.phase] + queue


def changes(old: StackStatus, new: StackStatus) -> Iterator[Notice]:
    """Yield what happened between two looks; being ready for the first time is for who has the clock."""
    if new.error and new.error != old.error:
        text = f"The model didn't load:\n{new.error}\nTo try it again, save a file in its folder."
        yield Notice("load_failed", text, "error")
    if new.phase == "loading" and old.phase not in ("starting", "loading"):
        yield Notice("reloading", "Loading the model again")
    if new.phase == "loading" and new.stage != old.stage and new.stage is not None:
        yield Notice("loading", _STAGES.get(new.stage, new.stage).capitalize(), fields={"stage": new.stage})
    if new.waiting != old.waiting:
        yield Notice("queue", f"{new.waiting or 'Nobody'} waiting", fields={"waiting": new.waiting})


def _percent(progress: float | None) -> str:
    return "" if progress is None else f" ({progress:.0%})"
