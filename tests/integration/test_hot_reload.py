"""A model that is worked on: what is saved is loaded, and nobody's session is cut short for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reactor_runtime.session.hot_reload import reload_when_saved
from support.core import HEADER, STREAM, Core, running_core, until, write_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model")


@contextlib.asynccontextmanager
async def worked_on(folder: Path) -> AsyncIterator[Core]:
    async with running_core(folder, folder.parent / "cache") as core:
        task = asyncio.create_task(reload_when_saved(folder, core.supervisor, core.controller))
        try:
            yield core
        finally:
            task.cancel()
            await asyncio.wait([task])


def save(folder: Path, source: str) -> None:
    """In one step: no look finds half of it."""
    new = folder.parent / "model.py"
    new.write_text(HEADER + source)
    new.replace(folder / "model.py")


async def test_a_saved_file_has_the_model_loaded_again(folder: Path) -> None:
    async with worked_on(folder) as core:
        for name in ("# second", "# third"):
            since, before = len(core.events), core.supervisor.worker_pid
            save(folder, STREAM + name)
            await core.event("ready", since=since)
            assert core.supervisor.worker_pid != before


async def test_a_session_that_runs_is_finished_first(folder: Path) -> None:
    async with worked_on(folder) as core:
        await core.start("a")
        before = core.supervisor.worker_pid
        save(folder, STREAM + "# second")
        await asyncio.sleep(1.5)
        assert core.controller.readiness.state == "active"
        core.stop("a")
        await until(lambda: core.supervisor.worker_pid not in {before, None})
        await until(lambda: core.controller.readiness.state == "ready")


async def test_what_did_not_load_is_loaded_once_when_it_is_mended(folder: Path) -> None:
    async with worked_on(folder) as core:
        save(folder, "class Model(VideoModel:\n")
        await until(lambda: core.controller.readiness.state == "failed")
        since = len(core.events)
        save(folder, STREAM)
        await core.event("ready", since=since)
        loaded = core.supervisor.worker_pid
        await asyncio.sleep(1.5)
        assert core.supervisor.worker_pid == loaded
