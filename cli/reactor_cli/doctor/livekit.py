"""The LiveKit server: there and fit for use, or how it would be had; or the given one, and whether it takes the key."""

import contextlib
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from reactor_cli.doctor.finding import Finding, Fix, Say, ok
from reactor_cli.doctor.http import ask, host_of
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.livekit_server.binary import PINNED_VERSION, Binary, UnfitBinaryError, cached_path, candidates, check
from reactor_cli.livekit_server.build import version_here
from reactor_cli.livekit_server.config import KeyPair
from reactor_cli.livekit_server.find import find
from reactor_cli.livekit_server.job import PARTIAL, Job, UnavailableError, is_idle
from reactor_cli.livekit_server.probe import room_list_token
from reactor_cli.livekit_server.settings import LiveKitSettings

_ENGINE_S = 5
_GO_BUILD = "builds it with Go, once (about 2 minutes)"


def check_livekit(around: Surroundings) -> Iterator[Finding]:
    """Look at the server that `reactor run` would use."""
    if around.settings.livekit_url:
        yield _given(around)
        return
    yield from _programs(around.cache)
    yield from _left_over(cached_path(around.cache).parent)


def _programs(cache: Path) -> Iterator[Finding]:
    """The first program that is fit is used; what is passed over before it is said."""
    for path in candidates(cache):
        try:
            yield _fit(check(path))
        except UnfitBinaryError as error:
            yield _unfit(path, cache, str(error))
        else:
            return
    yield _how_to_get(cache)


def _fit(found: Binary) -> Finding:
    return ok(f"livekit-server {found.version} at {found.path}")


def _unfit(path: Path, cache: Path, why: str) -> Finding:
    if path == cached_path(cache):
        fix = Fix(f"remove {path} and get it anew", lambda say: _anew(cache, say))
        return Finding("warning", f"{path} can't be used: {why}", "It is replaced at the next start.", path, fix=fix)
    return Finding("warning", f"{path} is passed over: {why}", "Remove it from PATH, or replace it.", path)


def _how_to_get(cache: Path) -> Finding:
    fix = Fix("get the LiveKit server", lambda say: _get(cache, say))
    if (problem := _no_download()) is None:
        how = f"The first `reactor run` downloads version {PINNED_VERSION} (18 MB)."
        return Finding("info", "no livekit-server yet", how, fix=fix)
    reasons = [f"download: {problem}"]
    try:
        version = version_here()
    except UnavailableError as error:
        reasons.append(f"Go: {error}")
    else:
        return Finding("info", "no livekit-server yet", f"The first `reactor run` {_GO_BUILD}: {version}.", fix=fix)
    if (problem := _no_container()) is None:
        how = "`reactor run` pulls its container image, if Docker can."
        return Finding("warning", f"no livekit-server ({'; '.join(reasons)})", how)
    reasons.append(f"container: {problem}")
    return Finding(
        "error",
        f"no livekit-server, and no way to get one ({'; '.join(reasons)})",
        f"Put the program livekit-server {PINNED_VERSION} on PATH or at {cached_path(cache)}, or install Go 1.26.",
    )


def _no_download() -> str | None:
    """Why the official release can't be downloaded here; None: it can."""
    from reactor_cli.livekit_server.download import release_here  # noqa: PLC0415 - 100 ms that only this needs

    try:
        url = release_here().url
        answer = ask("HEAD", url)
    except UnavailableError as error:
        return str(error)
    except OSError as error:
        return f"{host_of(url)}: {error}"
    return None if answer.is_success else f"{host_of(url)} answers {answer.status_code}"


def _no_container() -> str | None:
    """Why no container can be run here; None: an engine answers."""
    try:
        import docker  # noqa: PLC0415 - an optional dependency
        from docker.errors import DockerException  # noqa: PLC0415
    except ModuleNotFoundError:
        return "the Python package `docker` isn't installed"
    try:
        with contextlib.closing(docker.from_env(timeout=_ENGINE_S)) as client:
            client.ping()
    except (DockerException, OSError):
        return "no Docker engine answers"
    return None


def _left_over(folder: Path) -> Iterator[Finding]:
    """What killed downloads and builds have left, unless one is under way."""
    left = sorted(folder.glob(f"{PARTIAL}*")) if folder.is_dir() else []
    if left and is_idle(folder):
        fix = Fix(f"remove {len(left)} unfinished downloads in {folder}", lambda _say: _remove(folder))
        yield Finding("info", f"{len(left)} unfinished downloads of livekit-server in {folder}", file=folder, fix=fix)


def _remove(folder: Path) -> None:
    with Job(folder.parent, lambda _status: None).alone():
        pass  # the lock's holder removes them


def _anew(cache: Path, say: Say) -> None:
    cached_path(cache).unlink(missing_ok=True)
    _get(cache, say)


def _get(cache: Path, say: Say) -> None:
    found = find(Job(cache, lambda status: say(status.message)), LiveKitSettings().sources)
    say(f"LiveKit server {found.version} is there")


def _given(around: Surroundings) -> Finding:
    """Ask the given server for its rooms: that needs the key."""
    settings = around.settings
    secret = settings.livekit_api_secret.get_secret_value() if settings.livekit_api_secret else ""
    url = str(settings.livekit_url)
    token = room_list_token(KeyPair(settings.livekit_api_key or "", secret))
    try:
        answer = ask("POST", f"{url.rstrip('/')}/twirp/livekit.RoomService/ListRooms", json={}, bearer=token)
    except OSError as error:
        return Finding(
            "error", f"the LiveKit server {url} can't be reached: {error}", "Start it, or correct LIVEKIT_URL."
        )
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Finding(
            "error",
            f"the LiveKit server {url} refuses the key",
            "LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be those of its configuration, and both clocks right.",
        )
    if not answer.is_success:
        return Finding("error", f"{url} answers {answer.status_code}: no LiveKit server?", "Correct LIVEKIT_URL.")
    return ok(f"the LiveKit server {url} answers and takes the key")
