"""What the coordinator knows about the runtime server, from its events."""

from dataclasses import dataclass
from typing import Literal

from reactor_protocol.runtime import Download, Failed, LoadError, Loading, LoadStage, Ready, RuntimeState, Snapshot

KnownState = RuntimeState | Literal["unreachable"]


@dataclass(slots=True)
class RuntimeView:
    """The runtime as last heard of; `state` runs ahead of its events where we caused the change."""

    state: KnownState = "unreachable"
    stage: LoadStage | None = None
    progress: float | None = None
    download: Download | None = None
    error: LoadError | None = None
    instance: str | None = None
    model_name: str = ""
    model_version: str = ""
    video_input: bool = False
    audio_input: bool = False

    def take_snapshot(self, snapshot: Snapshot) -> bool:
        """Adopt all of it; True if this is another process than before."""
        restarted = self.instance is not None and self.instance != snapshot.instance
        ready = snapshot.readiness
        self.state, self.stage, self.progress, self.error = ready.state, ready.stage, ready.progress, ready.error
        self.download = ready.download
        self.instance = snapshot.instance
        self.model_name, self.model_version = snapshot.model_name, snapshot.model_version
        self.video_input, self.audio_input = snapshot.video_input, snapshot.audio_input
        return restarted

    def take_change(self, event: Loading | Ready | Failed) -> None:
        """Adopt a change of readiness."""
        self.stage = event.stage if isinstance(event, Loading) else None
        self.download = event.download if isinstance(event, Loading) else None
        # Two digits: every change of it is told to every waiting client.
        known = isinstance(event, Loading) and event.progress is not None
        self.progress = round(event.progress, 2) if known else None  # type: ignore[union-attr,arg-type]
        self.error = event.error if isinstance(event, Failed) else None
        self.state = event.type
        if isinstance(event, Ready) and event.model_name is not None:
            self.model_name, self.model_version = event.model_name, event.model_version or ""
            self.video_input, self.audio_input = bool(event.video_input), bool(event.audio_input)
