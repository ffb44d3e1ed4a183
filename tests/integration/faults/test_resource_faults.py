"""A machine that has too little: ports that are taken, full disks, no file descriptors."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import websockets

from reactor_cli.livekit_server import Endpoint
from reactor_cli.livekit_server.binary import candidates
from reactor_cli.log_file import cache_folder
from reactor_client import ReactorClient, ReactorError, RefusedError
from support.limits import PATIENCE_S
from support.mounts import mounted
from support.reactor_run import Reactor, reactors
from support.run_aftermath import rooms_of, serves, until_one_room
from support.stack import MODELS
from support.viewer import numbered

pytestmark = pytest.mark.livekit

_FULL_DISK = """
mount -t tmpfs -o size=64k tmpfs "$1" || exit 99
head -c 1M /dev/zero >"$1/full" 2>/dev/null
shift
exec "$@"
"""
_STANDARD_STREAMS = 3
_PORTS = {
    "coordinator": socket.SOCK_STREAM,
    "runtime": socket.SOCK_STREAM,
    "livekit": socket.SOCK_STREAM,
    "media-tcp": socket.SOCK_STREAM,
    "media-udp": socket.SOCK_DGRAM,
}


@pytest.fixture
def start() -> Iterator[Callable[..., Reactor]]:
    with reactors(MODELS / "stage") as start:
        yield start


async def started(start: Callable[..., Reactor], *flags: str, **options: object) -> Reactor:
    reactor = start(*flags, **options)
    await asyncio.to_thread(reactor.until_ready)
    return reactor


def refused(reactor: Reactor) -> str:
    """What it says when it ends at once; nothing was started before."""
    assert reactor.process.wait(PATIENCE_S) == 1
    reactor.until(lambda: any("choose another" in line for line in reactor.errors), "words")
    assert reactor.records == []
    return "".join(reactor.errors)


# --- ports --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", _PORTS)
def test_each_port_that_is_taken_is_named_with_its_owner_and_its_flag(start: Callable[..., Reactor], name: str) -> None:
    with socket.socket(type=_PORTS[name]) as taken:
        taken.bind(("127.0.0.1", 0))
        if _PORTS[name] == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        said = refused(start(f"--{name}-port", str(port)))
    assert f"port {port} (" in said
    assert f"pid {os.getpid()}" in said
    assert f"--{name}-port" in said


def test_a_foreign_livekit_on_our_port_is_recognised(start: Callable[..., Reactor], livekit_server: Endpoint) -> None:
    port = livekit_server.url.rpartition(":")[2]
    said = refused(start("--livekit-port", port))
    assert f"TCP port {port} (" in said
    assert "another LiveKit server: use it with --livekit-url" in said


async def test_a_foreign_livekit_is_used_where_it_is_given_and_keeps_no_room_of_ours(
    start: Callable[..., Reactor], livekit_server: Endpoint
) -> None:
    env = {"LIVEKIT_API_KEY": livekit_server.api_key, "LIVEKIT_API_SECRET": livekit_server.api_secret}
    reactor = await started(start, "--livekit-url", livekit_server.url, env=env | {"REACTOR_ROOM_PREFIX": "guest-"})
    await serves(reactor)
    assert "livekit-server" not in reactor.family()
    coordinator = reactor.family()["reactor_coordinator"].environ()
    assert [name for name in await rooms_of(coordinator) if name.startswith("guest-")]
    reactor.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(reactor.process.wait, PATIENCE_S) == 0
    assert not [name for name in await rooms_of(coordinator) if name.startswith("guest-")]


# --- disks --------------------------------------------------------------------------------------------------------


async def test_a_full_disk_costs_logs_and_nothing_else(start: Callable[..., Reactor], tmp_path: Path) -> None:
    programs = ":".join(str(path.parent) for path in candidates(cache_folder()))
    env = {"REACTOR_CACHE_DIR": str(tmp_path), "PATH": f"{programs}:{os.environ['PATH']}"}
    reactor = await started(start, env=env, wrapped=mounted(_FULL_DISK, tmp_path))
    await serves(reactor)
    reactor.family()["reactor_runtime"].kill()
    await serves(reactor)
    await until_one_room(reactor)
    assert [record["part"] for record in reactor.events("restarting")] == ["runtime"]


async def test_a_full_dev_shm_does_not_matter(start: Callable[..., Reactor]) -> None:
    reactor = await started(start, wrapped=mounted(_FULL_DISK, "/dev/shm"))
    await serves(reactor)
    await until_one_room(reactor)


# --- file descriptors ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def no_more_files(pid: int) -> Iterator[None]:
    """Let a process open nothing more, for a while, whatever it closes meanwhile."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (_STANDARD_STREAMS, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


async def test_more_clients_than_descriptors_are_refused_and_disturb_nobody(start: Callable[..., Reactor]) -> None:
    reactor = await started(start, wrapped=["prlimit", "--nofile=160:160"])
    async with ReactorClient(reactor.socket_url) as owner, contextlib.AsyncExitStack() as crowd:
        pictures = owner.frames()
        await numbered(pictures)
        first_words = []
        for _ in range(150):
            client = await crowd.enter_async_context(websockets.connect(reactor.socket_url))
            first_words.append(str(await asyncio.wait_for(client.recv(), PATIENCE_S)))
        assert "NO_CAPACITY" in first_words[-1]
        with pytest.raises(RefusedError, match="no more connections"):
            await ReactorClient(reactor.socket_url).connect()
        await numbered(pictures, 3)
    await serves(reactor)
    await until_one_room(reactor)
    assert not reactor.events("restarting")


async def test_a_coordinator_without_descriptors_serves_again_once_it_has_some(start: Callable[..., Reactor]) -> None:
    reactor = await started(start)
    async with ReactorClient(reactor.socket_url) as owner:
        pictures = owner.frames()
        await numbered(pictures)
        with no_more_files(reactor.family()["reactor_coordinator"].pid):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(websockets.connect(reactor.socket_url), 1.5)
            await numbered(pictures, 3)
    await serves(reactor)
    await until_one_room(reactor)
    assert not reactor.events("restarting")


async def test_a_runtime_without_descriptors_serves_again_once_it_has_some(start: Callable[..., Reactor]) -> None:
    reactor = await started(start)
    runtime = reactor.family()["reactor_runtime"]
    with no_more_files(runtime.pid):
        told = await told_within(reactor, 3.0)
    # The library of LiveKit ends the process it is in (SIGTERM) when it fails within for lack of a descriptor.
    assert told in {"", "GPU_CONNECTION_FAILED", "MODEL_CRASHED", "RUNTIME_LOST"}
    await serves(reactor)
    await until_one_room(reactor)
    assert {record["part"] for record in reactor.events("restarting")} <= {"runtime"}


async def told_within(reactor: Reactor, limit_s: float) -> str:
    """The code of what a new client is told, if it is told anything."""
    try:
        await asyncio.wait_for(serves(reactor), limit_s)
    except ReactorError as error:
        return error.code
    except TimeoutError:
        pass
    return ""
