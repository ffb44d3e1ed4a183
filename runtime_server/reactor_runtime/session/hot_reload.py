"""Loads the model again when a file in its folder is saved: for work on it."""

import asyncio
from pathlib import Path

import structlog

from reactor_runtime.session.controller import Controller
from reactor_runtime.worker.folder import changed_file, look
from reactor_runtime.worker.supervisor import LOOK_S, Supervisor

_log = structlog.get_logger(__name__)

_FREE_LOOK_S = 0.02
"""A session's end is seen before the next client, which asks again by a message of its own, is let in."""


async def reload_when_saved(folder: Path, supervisor: Supervisor, controller: Controller) -> None:
    """Load again what was saved since the last load, once no session runs; ends only when it is cancelled.

    A model that doesn't load is the supervisor's: it looks at the folder by itself.
    """
    while True:
        await asyncio.sleep(LOOK_S)
        if not controller.is_loaded:
            continue
        file = changed_file(supervisor.loaded_from, await asyncio.to_thread(look, folder))
        if file is None:
            continue
        while controller.session is not None:  # noqa: ASYNC110
            await asyncio.sleep(_FREE_LOOK_S)
        if controller.is_loaded:
            _log.info("the model's folder has changed", file=file)
            controller.reload()
