"""The class that a model's author derives from."""

import inspect
from pathlib import Path
from typing import Any

from reactor_runtime.commands import collect_commands
from reactor_runtime.context import get_ctx


class VideoModel:
    """A model that produces one video stream.

    `__init__` is called once, `start_session` for every user, both on the same thread. Methods with `@command` are
    what the user's front end can call, in order, on another thread. Takes the keyword arguments under `args` in
    `manifest.json`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - models hand over all they got
        super().__init__()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        collect_commands(cls)  # so that what is wrong is said where it is written

    def start_session(self) -> Any:
        """Serve one user: emit frames until the session is stopped, or return to finish it. May be `async def`."""
        raise NotImplementedError

    def on_frame(self, frame: Any) -> Any:
        """Take a picture of the user's camera: RGB, uint8, shape `(H, W, 3)`, upright; yours to keep.

        Called on a thread of its own; while one call lasts, only the latest picture waits. An exception here is
        reported and doesn't end the camera.
        """

    def emit_frame(self, frame: Any) -> None:
        """Show a frame: the same as `get_ctx().emit_frame(frame)`."""
        get_ctx().emit_frame(frame)

    @classmethod
    def weights(cls, name: str) -> Path:
        """The complete weight folder called `name`, one of those that `manifest.json` lists.

        Anywhere: in the model, before it, in a script of its own. The manifest is looked for beside the class's
        module, beside the code that asks, and in the working directory. What isn't on this machine yet is fetched.

        Raises:
            WeightsError: it isn't listed, or can't be had.
        """
        from reactor_runtime.weights.listed import listed_folder  # noqa: PLC0415 - only models with weights pay for it

        frame = inspect.currentframe()
        return listed_folder(name, cls, frame.f_back if frame is not None else None)
