"""The compose file as its users start it, under a name and on ports of its own, and what its containers use."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import psutil

from benchmarks.processes import cpu_s
from benchmarks.product import BARCODE, Served
from support import engine
from support.compose import FILE, SERVICES, Compose
from support.ports import free_ports

OVERLAY = Path(__file__).parent / "docker-compose.bench.yml"
DEFAULT_TAG = "bench"
"""Of the images as a user builds them, with PyTorch."""
_BUILD_S = 1800.0  # PyTorch with CUDA is 3 GB
_PORTS = ("coordinator", "livekit", "media_tcp", "media_udp")
_ENGINE_PROGRAMS = ("dockerd", "containerd", "containerd-shim", "docker-proxy")


@dataclass(frozen=True, slots=True)
class Use:
    """What a container uses: seconds of CPU since its start, and bytes of memory that can't be dropped."""

    cpu_s: float
    memory_bytes: int


class Contained(Served):
    """A project of `docker compose`."""

    def __init__(self, compose: Compose, ports: Mapping[str, int]) -> None:
        super().__init__(ports)
        self.compose = compose

    async def up(self) -> None:
        """`docker compose up`, images built: until all containers are healthy."""
        await self.compose("up", "--detach", "--no-build", "--wait")

    async def use(self) -> dict[str, Use]:
        """What each service's container uses now."""
        identities = {service: await self.compose.container(service) for service in SERVICES}
        return await asyncio.to_thread(_use, identities)

    async def kill_runtime(self) -> None:
        """End the runtime server's process as a crash does."""
        init = psutil.Process((await self.compose.inspect("runtime"))["State"]["Pid"])
        below = init.children(recursive=True)
        (server,) = [child for child in below if child.cmdline()[1:4] == ["-P", "-m", "reactor_runtime"]]
        server.kill()


@contextlib.asynccontextmanager
async def prepared(*files: Path, **variables: str) -> AsyncIterator[Contained]:
    """A project that isn't up yet; afterwards nothing of it is left."""
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    given = {f"REACTOR_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    compose = Compose(f"reactor-bench-{secrets.token_hex(4)}", given | variables, (FILE, *files))
    try:
        yield Contained(compose, ports)
    finally:
        await compose("down", "--volumes", "--timeout", "5")


@contextlib.asynccontextmanager
async def contained(**variables: str) -> AsyncIterator[Contained]:
    """The stack with the barcode's model, ready, in images without PyTorch."""
    async with prepared(OVERLAY, MODEL_PATH=str(BARCODE), **variables) as running:
        await running.up()
        await running.until_ready()
        yield running


@contextlib.asynccontextmanager
async def engine_running() -> AsyncIterator[None]:
    """An engine with compose, the upstream images, and ours without PyTorch."""
    with engine.running_engine():
        await asyncio.to_thread(engine.have_compose)
        await asyncio.to_thread(engine.have_images)
        yield


async def build_default_images() -> None:
    """Have our images as `docker compose build` makes them; `TORCH_INDEX` of the environment counts."""
    await Compose("reactor-bench", default_images(), (FILE,))("build", "--quiet", limit_s=_BUILD_S)


def default_images() -> dict[str, str]:
    """The variables that mean these."""
    index = os.environ.get("TORCH_INDEX")
    return {"REACTOR_TAG": DEFAULT_TAG, "TORCH": "1"} | ({"TORCH_INDEX": index} if index else {})


def engine_cpu_s() -> float:
    """Seconds of CPU that the engine's own programs have used, for whatever runs on it."""
    used = 0.0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):
            used += cpu_s(process) if process.name() in _ENGINE_PROGRAMS else 0.0
    return used


def _use(identities: Mapping[str, str]) -> dict[str, Use]:
    with contextlib.closing(docker.from_env()) as client:
        told = {name: client.api.stats(one, stream=False, one_shot=True) for name, one in identities.items()}
    return {name: _as_use(one) for name, one in told.items()}


def _as_use(told: Any) -> Use:
    memory = told["memory_stats"]
    details = memory["stats"]
    droppable = details.get("inactive_file", details.get("total_inactive_file", 0))  # by the kernel's control groups
    return Use(told["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, memory["usage"] - droppable)
