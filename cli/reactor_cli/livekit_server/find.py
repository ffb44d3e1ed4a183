"""From the settings to a server program: each source in turn, with the reason why one was passed over."""

import platform
from collections.abc import Callable, Sequence

from reactor_cli.livekit_server import binary
from reactor_cli.livekit_server.binary import PINNED_VERSION, Binary, UnfitBinaryError
from reactor_cli.livekit_server.container import Engine, engine_here
from reactor_cli.livekit_server.errors import LiveKitNotFoundError
from reactor_cli.livekit_server.job import Job, UnavailableError
from reactor_cli.livekit_server.settings import Source

Program = Binary | Engine

_NAMES = {"binary": "on this machine", "download": "download", "go": "go install", "container": "container"}


def find(job: Job, sources: Sequence[Source]) -> Program:
    """Return the first server that can be had.

    Raises:
        LiveKitNotFoundError: there is none; its text says why not, and what can be done.
        CancelledFetchError: the caller has gone.
    """
    reasons = []
    for source in sources:
        job.check()
        try:
            return _WAYS[source](job)
        except UnavailableError as error:
            reasons.append(f"  {_NAMES[source]}: {error}")
            if source != "binary":  # that one speaks for itself, program by program
                job.say("looking", f"{_NAMES[source]}: {error}")
    raise LiveKitNotFoundError("\n".join(["There is no LiveKit server to start.", *reasons, *_options()]))


def _installed(job: Job) -> Binary:
    reasons = []
    for path in binary.candidates(job.cache_dir):
        try:
            return binary.check(path)
        except UnfitBinaryError as error:
            reasons.append(f"{path} is passed over: {error}")
            job.say("looking", reasons[-1])
    raise UnavailableError("; ".join(reasons) or "no livekit-server on PATH or in the cache")


def _downloaded(job: Job) -> Binary:
    from reactor_cli.livekit_server.download import download, release_here  # noqa: PLC0415 - httpx takes 100 ms

    release = release_here()
    return _fetched(job, lambda: download(job, release))


def _built(job: Job) -> Binary:
    from reactor_cli.livekit_server.build import build, version_here  # noqa: PLC0415 - seldom needed

    version = version_here()
    return _fetched(job, lambda: build(job, version))


def _fetched(job: Job, fetch: Callable[[], None]) -> Binary:
    """Fetch into the cache, unless somebody else did while we waited for our turn."""
    try:
        with job.alone():
            try:
                return binary.check(job.target)
            except UnfitBinaryError:
                fetch()
            return binary.check(job.target)
    except (OSError, UnfitBinaryError) as error:
        raise UnavailableError(f"{job.target.parent} can't be used: {error}") from error


def _options() -> list[str]:
    brew = ["  brew install livekit"] if platform.system() == "Darwin" else []
    release = f"https://github.com/livekit/livekit/releases/tag/v{PINNED_VERSION}"
    return [
        "Do one of these and start again:",
        *brew,
        f"  put the program `livekit-server` of {release} on PATH",
        "  install Go 1.26 or later (https://go.dev/dl): the server is then built, once",
        "  pip install docker, with a Docker engine running: the server then runs in a container",
        "  use a server that runs already: LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… reactor run --livekit-url ws://host:7880",
    ]


_WAYS: dict[Source, Callable[[Job], Program]] = {
    "binary": _installed,
    "download": _downloaded,
    "go": _built,
    "container": engine_here,
}
