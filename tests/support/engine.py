"""A Docker engine with compose and our images, for tests of the product in containers.

`python -m support.engine` has all of it ready; `scripts/test` does that first. What is there is used. Where it may (as
root on Debian) it installs the engine and starts it for as long as it is needed; compose is built with Go once.
Upstream images that can't be pulled are replaced: see `support.stand_ins`.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from reactor_cli.livekit_server.guarded import GuardedProcess
from reactor_cli.livekit_server.settings import default_cache_dir
from support import parts, stand_ins
from support.compose import FILE, ROOT, TAG
from support.stand_ins import NoEngineError, install_packages, run

COMPOSE_VERSION = "v2.40.3"
_COMPOSE = "github.com/docker/compose/v2"
_PLUGIN = Path.home() / ".docker" / "cli-plugins" / "docker-compose"
_ANSWER_S = 20
_UP_S = 60.0  # half a second
_DOWN_S = 30.0
_GO_BUILD_S = 1200.0  # 100 s on two cores
_IMAGES_S = 1200.0  # a minute or two on two cores


def answers() -> bool:
    """Whether an engine answers."""
    if shutil.which("docker") is None:
        return False
    with contextlib.suppress(subprocess.TimeoutExpired):
        command = ["docker", "version", "--format", "{{.Server.Version}}"]
        return subprocess.run(command, capture_output=True, check=False, timeout=_ANSWER_S).returncode == 0
    return False


def compose_answers() -> bool:
    """Whether there is `docker compose`."""
    command = ["docker", "compose", "version"]
    return subprocess.run(command, capture_output=True, check=False, timeout=_ANSWER_S).returncode == 0


@contextlib.contextmanager
def running_engine() -> Iterator[None]:
    """The engine that answers, else one that runs for as long as the block.

    Raises:
        NoEngineError: there is none, and none may be started.
    """
    if answers():
        yield
        return
    if os.geteuid() != 0:
        raise NoEngineError("no Docker engine answers, and starting one needs root")
    if shutil.which("dockerd") is None or shutil.which("iptables") is None:
        install_packages("docker.io", "iptables")
    with tempfile.TemporaryFile() as log:  # a pipe that nobody reads would hold it up once it is full
        process = GuardedProcess(["dockerd", "--log-level", "warn"], os.environ, output=log)
        try:
            _wait_until_up(process, log)
            yield
        finally:
            process.popen.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.popen.wait(_DOWN_S)
            process.kill()
            process.popen.wait()


def _wait_until_up(process: GuardedProcess, log: IO[bytes]) -> None:
    deadline = time.monotonic() + _UP_S
    while not answers():
        if process.popen.poll() is not None:
            log.seek(0)
            raise NoEngineError(f"dockerd ended: {log.read().decode(errors='replace')[-500:]}")
        if time.monotonic() > deadline:
            raise NoEngineError(f"dockerd gave no answer within {_UP_S:g} s")
        time.sleep(0.1)


def have_compose() -> None:
    """Have `docker compose`, version 2: built with Go where there is none.

    Raises:
        NoEngineError: it can't be built.
    """
    if compose_answers():
        return
    built = default_cache_dir() / "bin" / f"docker-compose-{COMPOSE_VERSION}"
    if not built.exists():
        _build_compose(built)
    _PLUGIN.parent.mkdir(parents=True, exist_ok=True)
    _PLUGIN.unlink(missing_ok=True)
    _PLUGIN.symlink_to(built)
    if not compose_answers():
        raise NoEngineError(f"docker doesn't take {_PLUGIN} for its compose")


def _build_compose(program: Path) -> None:
    if shutil.which("go") is None:
        raise NoEngineError("no `docker compose`, and no Go to build it: https://docs.docker.com/compose/install")
    say(f"Building Docker Compose {COMPOSE_VERSION} (once, two minutes) ...")
    program.parent.mkdir(parents=True, exist_ok=True)
    # A module of its own, as `go install` refuses one that replaces others.
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=program.parent) as folder:
        environment = os.environ | {"GOFLAGS": "-mod=mod", "GOWORK": "off", "CGO_ENABLED": "0"}
        version = f"-s -w -X {_COMPOSE}/internal.Version={COMPOSE_VERSION}"
        for command in (
            ["go", "mod", "init", "local/compose"],
            ["go", "get", f"{_COMPOSE}@{COMPOSE_VERSION}"],
            ["go", "build", "-trimpath", "-ldflags", version, "-o", "compose", f"{_COMPOSE}/cmd"],
        ):
            run(*command, limit_s=_GO_BUILD_S, folder=Path(folder), environment=environment)
        Path(folder, "compose").replace(program)


def have_images() -> None:
    """Have the upstream images, and build ours without PyTorch.

    Raises:
        NoEngineError: an image can't be had.
    """
    for tag in stand_ins.IMAGES:
        stand_ins.have(tag)
    say("Building the images ...")
    environment = os.environ | {"TORCH": "0", "REACTOR_TAG": TAG}
    command = ("docker", "compose", "--env-file", os.devnull, "--project-directory", str(ROOT), "--file", str(FILE))
    run(*command, "build", "--quiet", limit_s=_IMAGES_S, environment=environment)


def check() -> None:
    """See that the tests can run here, where an engine answers.

    Raises:
        NoEngineError: they can't; says what is missing.
    """
    if not compose_answers():
        raise NoEngineError("there is no `docker compose`")
    for tag in (f"reactor-local/coordinator:{TAG}", f"reactor-local/runtime:{TAG}", *stand_ins.IMAGES[1:]):
        if not stand_ins.is_there(tag):
            raise NoEngineError(f"there is no image {tag}; scripts/test makes it")


def main() -> None:
    """Have all of it, for `scripts/test`."""
    try:
        with running_engine():
            have_compose()
            have_images()
    except NoEngineError as error:
        if parts.are_required():
            sys.exit(str(error))
        say(f"Tests of the product in containers will be skipped: {error}")


def say(line: str) -> None:
    """Tell whoever waits."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
