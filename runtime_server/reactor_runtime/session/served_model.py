"""The one model of this runtime, as far as it is known: loading, loaded or failed."""

import math
from collections.abc import Callable, Sequence

from reactor_protocol import runtime
from reactor_protocol.frontend import VideoCodec
from reactor_protocol.manifest import Manifest
from reactor_protocol.runtime import Download, LoadError, LoadStage, Readiness, RuntimeEvent
from reactor_runtime.manifest import max_fps
from reactor_runtime.media.codec import choose_codec
from reactor_runtime.session.camera import Camera
from reactor_runtime.session.problems import ProblemError
from reactor_runtime.transport.base import VideoFormat
from reactor_runtime.worker.history import ModelHistory
from reactor_runtime.worker.supervisor import LoadedModel, Supervisor

RETRY_AFTER_S = 5  # where the load time isn't known yet
MAX_RETRY_AFTER_S = 60


class ServedModel:
    """What sessions need to know of the model, and the events about its loading.

    Args:
        supervisor: of its process.
        history: of earlier runs.
        publish: sends an event to all listeners.
        codecs: the order in which codecs are chosen.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        history: ModelHistory,
        publish: Callable[[RuntimeEvent], None],
        codecs: Sequence[VideoCodec],
    ) -> None:
        self._supervisor = supervisor
        self._history = history
        self._publish = publish
        self._codecs = codecs
        self._loaded: LoadedModel | None = None
        self.readiness = Readiness(state="loading", stage="import")
        """Its state is right for loading and failure only: sessions have states of their own."""
        self.camera: Camera | None = None
        """Takes pictures for the loaded model, if it wants any."""

    # --- what happens -------------------------------------------------------------------------------------------

    def loading(self, stage: LoadStage, progress: float | None, download: Download | None = None) -> None:
        """It is loading, and this far."""
        self._loaded = None
        if self.camera is not None:
            self.camera.close()
            self.camera = None
        self.readiness = Readiness(state="loading", stage=stage, progress=progress, download=download)
        self._publish(runtime.Loading(stage=stage, progress=progress, download=download))

    def loaded(self, model: LoadedModel) -> None:
        """Its process has constructed it."""
        self._loaded = model
        if model.takes_camera and model.manifest.video_input:
            self.camera = Camera(self._supervisor.send)
        self.readiness = Readiness(state="ready")

    def failed(self, error: LoadError) -> None:
        """It didn't load."""
        self.readiness = Readiness(state="failed", error=error)
        self._publish(runtime.Failed(error=error))

    # --- what is known ------------------------------------------------------------------------------------------

    @property
    def manifest(self) -> Manifest | None:
        """What the folder says about it, once that could be read."""
        return self._supervisor.manifest

    @property
    def introduction(self) -> runtime.Ready:
        """The event that says that it is ready; without its name while the manifest couldn't be read."""
        manifest = self.manifest
        if manifest is None:
            return runtime.Ready()
        return runtime.Ready(
            model_name=manifest.model_name,
            model_version=manifest.model_version,
            video_input=manifest.video_input,
            audio_input=manifest.audio_input,
        )

    @property
    def capabilities(self) -> bytes:
        """JSON of `reactor_protocol.capabilities.Capabilities`.

        Raises:
            ProblemError: it isn't loaded.
        """
        if self._loaded is None:
            raise self.refusal()
        return self._loaded.capabilities

    @property
    def takes_camera(self) -> bool:
        """Whether it takes the client's camera; before it has loaded, whether it may."""
        if self._loaded is not None:
            return self.camera is not None
        return self.manifest is not None and self.manifest.video_input

    def checked_manifest(self) -> Manifest:
        """Return the manifest.

        Raises:
            ProblemError: it couldn't be read yet.
        """
        if self.manifest is None:
            raise self.refusal()
        return self.manifest

    def video_format(self, client_codecs: Sequence[str]) -> VideoFormat:
        """Return what a track for that client is published with.

        Raises:
            ProblemError: the manifest couldn't be read yet.
        """
        record = self._history.record
        fps = max_fps(self.checked_manifest())
        return VideoFormat(record.width, record.height, fps, choose_codec(client_codecs, self._codecs))

    def refusal(self) -> ProblemError:
        """Say why no session can start: loading, or failed to."""
        error = self.readiness.error
        if error is not None:
            where = f" ({error.file}:{error.line})" if error.file and error.line else ""
            return ProblemError(503, "FAILED", f"the model didn't load: {error.message}{where}")
        remaining_s = self._supervisor.remaining_load_s
        seconds = RETRY_AFTER_S if remaining_s is None else math.ceil(remaining_s)
        retry_s = max(1, min(MAX_RETRY_AFTER_S, seconds))
        return ProblemError(503, "LOADING", "the model is loading", retry_after_s=retry_s)
