"""What the coordinator knows about the runtime server, from its events."""

from dataclasses import dataclass
from typing import Literal

from reactor_protocol.runtime import Download, Failed, LoadError, Loading, LoadStage, Ready, RuntimeState, Snapshot

KnownState = RuntimeState | Literal["unreachable"]

_WEIGHTS_SHARE = 0.9
"""Of a loading that fetches weights: mostly a first start, with a long download and code whose time nobody knows."""


@dataclass(slots=True)
class RuntimeView:
    """The runtime as last heard of; `state` runs ahead of its events where we caused the change."""

    state: KnownState = "unreachable"
    stage: LoadStage | None = None
    progress: float | None = None
    """Of the whole loading, weights and code, 0..1; it doesn't fall until the model is ready or has failed."""
    download: Download | None = None
    error: LoadError | None = None
    doubted: bool = False
    """It may be restarting: nothing is begun with it."""
    instance: str | None = None
    model_name: str = ""
    model_version: str = ""
    video_input: bool = False
    audio_input: bool = False
    _fetches: bool = False

    @property
    def within_reach(self) -> bool:
        """It was there a moment ago."""
        return self.state != "unreachable" and not self.doubted

    def take_snapshot(self, snapshot: Snapshot) -> bool:
        """Adopt all of it; True if this is another process than before."""
        restarted = self.instance is not None and self.instance != snapshot.instance
        self.doubted = False
        ready = snapshot.readiness
        self.state, self.stage, self.error = ready.state, ready.stage, ready.error
        self.download = ready.download
        self._advance(ready.progress)
        self.instance = snapshot.instance
        self.model_name, self.model_version = snapshot.model_name, snapshot.model_version
        self.video_input, self.audio_input = snapshot.video_input, snapshot.audio_input
        return restarted

    def take_change(self, event: Loading | Ready | Failed) -> None:
        """Adopt a change of readiness."""
        self.stage = event.stage if isinstance(event, Loading) else None
        self.download = event.download if isinstance(event, Loading) else None
        self.error = event.error if isinstance(event, Failed) else None
        self.state = event.type
        self._advance(event.progress if isinstance(event, Loading) else None)
        if isinstance(event, Ready) and event.model_name is not None:
            self.model_name, self.model_version = event.model_name, event.model_version or ""
            self.video_input, self.audio_input = bool(event.video_input), bool(event.audio_input)

    def _advance(self, of_stage: float | None) -> None:
        """Adapt `progress` to the stage's own."""
        if self.state != "loading":
            self.progress, self._fetches = None, False
            return
        self._fetches |= self.stage == "weights"
        if of_stage is None:
            return
        whole = of_stage
        if self.stage == "weights":
            whole = _WEIGHTS_SHARE * of_stage
        elif self._fetches:
            whole = _WEIGHTS_SHARE + (1.0 - _WEIGHTS_SHARE) * of_stage
        # Two digits: every change of it is told to every waiting client.
        self.progress = max(self.progress or 0.0, round(whole, 2))
