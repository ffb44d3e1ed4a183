"""The LiveKit server in a container, through the optional `docker` package."""

import contextlib
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reactor_cli.livekit_server.binary import PINNED_VERSION
from reactor_cli.livekit_server.config import Ports
from reactor_cli.livekit_server.errors import LiveKitStartFailedError
from reactor_cli.livekit_server.job import Job, UnavailableError
from reactor_cli.livekit_server.log import ServerLog
from reactor_cli.livekit_server.process import two_processors
from reactor_cli.livekit_server.settings import LiveKitSettings

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

IMAGE = f"livekit/livekit-server:v{PINNED_VERSION}"
_ENGINE_S = 30  # for an answer of the engine
_REMOVED_S = 10.0  # killing and removing takes about 0.3 s


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine on this machine that has the image. `host_network`: its containers may use our loopback."""

    client: "docker.DockerClient"
    host_network: bool
    version: str = PINNED_VERSION


def engine_here(job: Job) -> Engine:
    """Connect to the engine and have the image, pulled if need be.

    Raises:
        UnavailableError: no `docker` package, no engine, a remote one, or no image.
    """
    try:
        import docker  # noqa: PLC0415 - an optional dependency
        from docker.errors import DockerException  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UnavailableError("the Python package `docker` isn't installed") from None
    try:
        with contextlib.ExitStack() as unless_used:
            client = docker.from_env(timeout=_ENGINE_S)
            unless_used.callback(client.close)
            if not client.api.base_url.startswith("http+docker://"):
                raise UnavailableError(f"the Docker engine at {client.api.base_url} is on another machine")
            info = client.info()
            _have_image(job, client)
            unless_used.pop_all()
    except (DockerException, OSError) as error:
        raise UnavailableError(f"Docker: {str(error)[:200]}") from error
    return Engine(client, _shares_network(info))


class ContainerProcess:
    """A livekit-server container that another process removes when this one ends."""

    pid = None

    def __init__(self, engine: Engine, config: str, ports: Ports, settings: LiveKitSettings, log: ServerLog) -> None:
        self.log = log
        self.exited: Future[int] = Future()
        self._reader = threading.Thread(target=self._watch, name="livekit-log", daemon=True)
        from docker.errors import DockerException  # noqa: PLC0415 - an optional dependency

        try:
            self._container = _create(engine, config, ports, settings)
            self._remover = _remover(self._container.id or "")
            try:
                self._container.start()
            except BaseException:
                self.kill()
                raise
        except DockerException as error:
            raise LiveKitStartFailedError(f"The container of {IMAGE} doesn't start: {str(error)[:500]}") from error
        self._reader.start()

    def stop(self) -> None:
        """Kill and remove the container: its SIGTERM would wait for participants."""
        self.kill()

    def kill(self) -> None:
        """Let the remover do its work."""
        assert self._remover.stdin is not None  # noqa: S101 - for the type checker
        self._remover.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # the engine hangs; the remover goes on by itself
            self._remover.wait(_REMOVED_S)
        if self._reader.ident is not None:
            self._reader.join(_REMOVED_S)

    def _watch(self) -> None:
        from docker.errors import DockerException  # noqa: PLC0415

        code = -1
        try:
            self.log.copy(_Lines(self._container.logs(stream=True, follow=True)))
            code = int(self._container.wait(timeout=_ENGINE_S)["StatusCode"])
        except (DockerException, OSError):  # removed meanwhile, or the engine has gone
            code = -1
        finally:
            self.exited.set_result(code)


class _Lines:
    """The engine's chunks of log as the one method of a file that `ServerLog.copy` calls."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readline(self, limit: int, /) -> bytes:
        """Return the next line, or its first `limit` bytes; empty at the end."""
        while b"\n" not in self._rest and len(self._rest) < limit:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._rest += chunk
        end = self._rest.find(b"\n") + 1 or len(self._rest)
        line, self._rest = self._rest[: min(end, limit)], self._rest[min(end, limit) :]
        return line


def _create(engine: Engine, config: str, ports: Ports, settings: LiveKitSettings) -> "Container":
    options: dict[str, Any] = {"network_mode": "host"}
    if not engine.host_network:
        host = "0.0.0.0" if settings.public_host is not None else "127.0.0.1"  # noqa: S104 - asked for
        published = {f"{ports.http}/tcp": ports.http, f"{ports.tcp}/tcp": ports.tcp, f"{ports.udp}/udp": ports.udp}
        options = {"ports": {inside: (host, outside) for inside, outside in published.items()}}
    return engine.client.containers.create(
        IMAGE,
        environment={"LIVEKIT_CONFIG": config, **two_processors("")},
        labels={"reactor-local": "livekit-server"},
        **options,
    )


def _remover(container_id: str) -> subprocess.Popen[bytes]:
    """Start what removes the container when our end of its stdin is closed, by us or by our death."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "reactor_cli.livekit_server.remover", container_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _have_image(job: Job, client: "docker.DockerClient") -> None:
    from docker.errors import ImageNotFound  # noqa: PLC0415

    try:
        client.images.get(IMAGE)
    except ImageNotFound:
        job.say("downloading", f"container image {IMAGE}")
        repository, tag = IMAGE.split(":")
        for line in client.api.pull(repository, tag=tag, stream=True, decode=True):
            job.check()
            if "error" in line:
                raise UnavailableError(f"Docker can't pull {IMAGE}: {line['error']}") from None


def _shares_network(info: dict[str, Any]) -> bool:
    """Docker Desktop's containers live in a virtual machine, rootless ones in a network of their own."""
    rootless = any("rootless" in option for option in info.get("SecurityOptions") or [])
    return platform.system() == "Linux" and info.get("OperatingSystem") != "Docker Desktop" and not rootless
