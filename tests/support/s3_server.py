"""A real S3 server for tests: versitygw on a folder, found or built, started on a free port."""

import contextlib
import fcntl
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import boto3.session
from botocore.config import Config
from types_boto3_s3 import S3Client

from reactor_cli.livekit_server.guarded import GuardedProcess
from reactor_cli.livekit_server.settings import default_cache_dir
from support import parts
from support.ports import free_ports

VERSION = "1.8.0"
_MODULE = "github.com/versity/versitygw/cmd/versitygw"
_BUILD_TIMEOUT_S = 900.0  # 45 s on two cores
_READY_TIMEOUT_S = 60.0  # 0.2 s
_STOP_TIMEOUT_S = 5.0


class NoS3ServerError(Exception):
    """There is no versitygw and none can be built; the text says why."""


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server: `root/BUCKET/KEY` are its objects, kept as plain files."""

    port: int
    root: Path
    access_key: str = "registry-tests"
    secret_key: str = "only-for-tests"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, port: int | None = None) -> dict[str, str]:
        """What a program needs to talk to this server; `port`: of a proxy in front of it.

        Nothing of the machine's own settings is left in force.
        """
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REGION": "us-east-1",
        }

    def client(self) -> S3Client:
        """A bare client, for what a test puts there by other means than ours."""
        session = boto3.session.Session(self.access_key, self.secret_key, region_name="us-east-1")
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        return session.client("s3", endpoint_url=self.url, config=config)

    def make_bucket(self, name: str) -> str:
        """Make a bucket, which is a folder in `root`, and return its name."""
        (self.root / name).mkdir()
        return name


def program() -> Path:
    """The server's program: on PATH, in the cache of the product, or built into it.

    Raises:
        NoS3ServerError: there is none.
    """
    on_path = shutil.which("versitygw")
    path = Path(on_path) if on_path else default_cache_dir() / "bin" / "versitygw"
    if not path.exists():
        _build(path)
    return path


def program_or_skip() -> Path:
    """`program()`, or the end of the test that needs it."""
    try:
        return program()
    except NoS3ServerError as error:
        parts.missing(str(error))


@contextlib.contextmanager
def running_s3_server(path: Path, root: Path) -> Iterator[S3Server]:
    """A server whose buckets are the folders in `root`, for as long as the block lasts."""
    root.mkdir(parents=True, exist_ok=True)
    server = S3Server(free_ports(1)[0], root)
    secrets = {"ROOT_ACCESS_KEY": server.access_key, "ROOT_SECRET_KEY": server.secret_key}
    arguments = [str(path), "--port", f"127.0.0.1:{server.port}", "--keep-alive", "--quiet", "--health", "/health"]
    with tempfile.TemporaryFile() as log:
        process = GuardedProcess([*arguments, "posix", str(root)], _environment() | secrets, output=log)
        try:
            _wait_until_ready(server, process, log)
            yield server
        finally:
            process.popen.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.popen.wait(_STOP_TIMEOUT_S)
            process.kill()
            process.popen.wait()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("VGW_", "ROOT_", "AWS_"))}


def _wait_until_ready(server: S3Server, process: GuardedProcess, log: IO[bytes]) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while not _answers(server.port):
        if process.popen.poll() is not None:
            log.seek(0)
            said = log.read().decode(errors="replace")
            raise NoS3ServerError(f"versitygw ended with {process.popen.returncode}: {said}")
        if time.monotonic() > deadline:
            raise NoS3ServerError(f"versitygw gave no answer within {_READY_TIMEOUT_S:.0f} s")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _build(path: Path) -> None:
    """Build it with Go, once however many ask, and move it to `path` in one step."""
    go = shutil.which("go")
    if go is None:
        raise NoS3ServerError(f"no versitygw on PATH or at {path}, and no Go to build it: https://go.dev/dl")
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / ".versitygw.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=path.parent) as folder:
            _install(go, Path(folder))
            Path(folder, "versitygw").replace(path)


def _install(go: str, folder: Path) -> None:
    environment = os.environ | {"GOBIN": str(folder), "GOWORK": "off"}
    for name in ("GOOS", "GOARCH"):  # building for another machine is refused together with GOBIN
        environment.pop(name, None)
    command = [go, "install", "-trimpath", "-ldflags=-s -w", f"{_MODULE}@v{VERSION}"]
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise NoS3ServerError(f"building versitygw took longer than {_BUILD_TIMEOUT_S / 60:.0f} minutes") from None
    except subprocess.CalledProcessError as error:
        raise NoS3ServerError(f"`{' '.join(command)}` failed: {error.stderr.strip()[-500:]}") from None


def main() -> None:
    """Have the program, for `scripts/test`."""
    try:
        print(f"S3 server {program()}", file=sys.stderr)
    except NoS3ServerError as error:
        if parts.are_required():
            sys.exit(str(error))
        print(f"Tests of registries in S3 will be skipped: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
