import asyncio
import sys
from pathlib import Path
from typing import Any

from reactor_protocol.runtime import LoadError
from reactor_runtime.worker.history import ModelHistory
from reactor_runtime.worker.spawn import spawn
from reactor_runtime.worker.supervisor import Supervisor


class Listener:
    def __init__(self) -> None:
        self.refused: asyncio.Future[LoadError] = asyncio.get_running_loop().create_future()

    def load_failed(self, error: LoadError) -> None:
        self.refused.set_result(error)

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


async def test_a_worker_started_ahead_for_a_folder_without_manifest_is_ended(tmp_path: Path) -> None:
    first = spawn([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, {})
    supervisor = Supervisor(tmp_path, ModelHistory(tmp_path / "cache", tmp_path), first=first)
    listener = Listener()
    running = asyncio.create_task(supervisor.run(listener))
    error = await asyncio.wait_for(listener.refused, 30.0)
    assert "manifest.json" in error.message
    assert first.process.returncode == -9
    await supervisor.close()
    await running
