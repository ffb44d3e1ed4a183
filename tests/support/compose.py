"""The product in containers: the project's own compose file under a name and on ports of the test's own.

    async with running_compose(MODELS / "stage") as stack:
        async with ReactorClient(stack.url) as client:
            ...

Afterwards nothing of it is left: containers, volumes, networks.
"""

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reactor_cli.livekit_server import Endpoint
from support.limits import PATIENCE_S
from support.ports import free_ports
from support.stack import TESTS, Stack

ROOT = TESTS.parent
FILE = ROOT / "docker-compose.yml"
TAG = "test"
SERVICES = ("livekit", "registry", "runtime", "coordinator")
"""Those that stay; the others end when their work is done."""


class ComposeError(AssertionError):
    """`docker compose` failed; the text is what it said."""


@dataclass(slots=True)
class Compose:
    """One project of `docker compose`."""

    project: str
    variables: Mapping[str, str]
    files: Sequence[Path]

    async def __call__(self, *arguments: str, limit_s: float = 2 * PATIENCE_S) -> str:
        """Run a command; return what it printed.

        Raises:
            ComposeError: it failed.
        """
        said, complaint = await self._run(arguments, limit_s)
        del complaint
        return said

    async def config(self, *arguments: str) -> dict[str, Any]:
        """The configuration as compose understands it; whatever compose has to remark on it is an error."""
        said, complaint = await self._run(("config", "--format", "json", *arguments), PATIENCE_S)
        if complaint:
            raise ComposeError(complaint)
        found: dict[str, Any] = json.loads(said)
        return found

    async def secrets(self) -> list[str]:
        """Every key and secret of the project, read in the containers that have them."""
        livekit = await self("exec", "-T", "livekit", "cat", "/run/reactor/livekit/keys")
        runtime = await self("exec", "-T", "runtime", "cat", "/run/reactor/runtime/key")
        registry = await self("exec", "-T", "registry", "cat", "/run/reactor/registry/credentials")
        values = [line.split(" = ")[1] for line in registry.splitlines() if " = " in line]
        return [*livekit.strip().split(": "), runtime.strip(), *values]

    async def container(self, service: str) -> str:
        """The id of a service's container."""
        return (await self("ps", "--all", "--quiet", service)).strip()

    async def inspect(self, service: str) -> dict[str, Any]:
        """What the engine knows of a service's container."""
        found: list[dict[str, Any]] = json.loads(await docker("container", "inspect", await self.container(service)))
        return found[0]

    def variables_of_compose(self) -> dict[str, str]:
        """The environment in which a bare `docker compose` in the project's folder means this project."""
        files = ":".join(map(str, self.files))
        return self._environment() | {"COMPOSE_PROJECT_NAME": self.project, "COMPOSE_FILE": files}

    def start(self, *arguments: str) -> "asyncio.Future[asyncio.subprocess.Process]":
        """Begin a command whose output is to be followed."""
        return asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *self._command(arguments), env=self._environment(), stdout=asyncio.subprocess.PIPE
            )
        )

    def _command(self, arguments: Sequence[str]) -> list[str]:
        files = [part for file in self.files for part in ("--file", str(file))]
        where = ("--project-directory", str(ROOT), "--project-name", self.project)
        return ["docker", "compose", "--env-file", os.devnull, "--progress", "plain", *where, *files, *arguments]

    def _environment(self) -> dict[str, str]:
        """Nothing that the caller's own stack is told."""
        passed_over = ("REACTOR_", "LIVEKIT_", "AWS_", "COMPOSE_", "TORCH", "MODEL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(passed_over)}
        return kept | {"REACTOR_TAG": TAG, "TORCH": "0"} | dict(self.variables)

    async def _run(self, arguments: Sequence[str], limit_s: float) -> tuple[str, str]:
        return await _output(self._command(arguments), self._environment(), limit_s)


@dataclass(slots=True)
class ComposeStack(Stack):
    """A running stack in containers; what a test may ask of a `Stack`, it may ask of this."""

    compose: Compose = field(kw_only=True)
    ports: dict[str, int] = field(kw_only=True)


async def docker(*arguments: str, limit_s: float = PATIENCE_S) -> str:
    """Run a command of the engine's; return what it printed.

    Raises:
        ComposeError: it failed.
    """
    return (await _output(["docker", *arguments], dict(os.environ), limit_s))[0]


def project(folder: Path | None, files: Sequence[Path] = (), **variables: str) -> tuple[Compose, dict[str, int]]:
    """Return a project with the model of `folder`, else of `MODEL`, on free ports, and these by their variables."""
    names = ("COORDINATOR", "RUNTIME", "LIVEKIT", "MEDIA_TCP", "MEDIA_UDP")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    given = {f"REACTOR_{name}_PORT": str(port) for name, port in ports.items()}
    if folder is not None:
        given["MODEL_PATH"] = str(folder)
    overlay = TESTS / "compose" / "docker-compose.test.yml"
    name = f"reactor-test-{secrets.token_hex(4)}"
    return Compose(name, given | variables, (FILE, overlay, *files)), ports


@contextlib.asynccontextmanager
async def running_compose(
    folder: Path | None, files: Sequence[Path] = (), **variables: str
) -> AsyncIterator[ComposeStack]:
    """Bring a stack up with the model of `folder`, else of `MODEL`, and wait until a session can begin."""
    compose, ports = project(folder, files, **variables)
    following: asyncio.Task[None] | None = None
    try:
        await compose("up", "--detach", "--no-build", "--wait")
        livekit, runtime, *_ = await _keys(compose)
        stack = ComposeStack(
            coordinator_url=f"http://127.0.0.1:{ports['COORDINATOR']}",
            runtime_url=f"http://127.0.0.1:{ports['RUNTIME']}",
            runtime_key=runtime,
            livekit=Endpoint(f"ws://127.0.0.1:{ports['LIVEKIT']}", *livekit.split(": ")),
            room_prefix="reactor-",
            compose=compose,
            ports=ports,
        )
        following = asyncio.create_task(_follow(stack))
        await stack.until_ready()
        yield stack
    except BaseException:
        sys.stderr.write(await _last_words(compose))
        raise
    finally:
        await compose("down", "--volumes", "--timeout", "5")
        if following is not None:
            await following
        await _nothing_left(compose.project)


async def _keys(compose: Compose) -> tuple[str, str]:
    livekit = await compose("exec", "-T", "livekit", "cat", "/run/reactor/livekit/keys")
    return livekit.strip(), (await compose("exec", "-T", "runtime", "cat", "/run/reactor/runtime/key")).strip()


async def _follow(stack: ComposeStack) -> None:
    process = await stack.compose.start("logs", "--follow", "--no-color", *SERVICES)
    assert process.stdout is not None
    try:
        while line := await process.stdout.readline():
            name, _, text = line.decode(errors="replace").rstrip().partition("|")
            stack.note(name.strip(), text.strip())
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _last_words(compose: Compose) -> str:
    try:
        said = await compose("logs", "--no-color", "--tail", "60")
        state = await compose("ps", "--all")
    except AssertionError as error:
        return f"no logs: {error}\n"
    return f"--- the containers\n{state}\n--- their logs\n{said}\n"


async def _nothing_left(name: str) -> None:
    label = f"label=com.docker.compose.project={name}"
    left = {kind: await docker(kind, "ls", "--quiet", "--filter", label) for kind in ("container", "volume", "network")}
    assert not any(left.values()), left


async def _output(command: Sequence[str], environment: Mapping[str, str], limit_s: float) -> tuple[str, str]:
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=-1, stderr=-1
    )
    try:
        async with asyncio.timeout(limit_s):
            said, complaint = (text.decode(errors="replace") for text in await process.communicate())
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode:
        raise ComposeError(f"{' '.join(command)} ended with {process.returncode}:\n{said}{complaint}")
    return said, complaint
