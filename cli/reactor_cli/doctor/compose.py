"""The stack in containers: from the engine to the video, in the order in which one thing needs the other."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from reactor_cli.doctor.examine import Check, Look
from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.http import ask
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.settings import is_loopback

COMPOSE_SUBJECT = "video from the containers"
ONCE = ("keys", "registry-seed")
SERVICES = (*ONCE, "livekit", "registry", "runtime", "coordinator")
_ENGINE_S = 8.0
_COMPOSE = ("docker", "compose")
_LOG_LINES = "8"
_BY_TLS = (
    "Behind a proxy with TLS set REACTOR_LIVEKIT_PUBLIC_URL=wss://NAME, which the proxy passes on to LiveKit's port."
)
_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - what the engine says of a port that is open to all


class ComposeProblemError(Exception):
    """`docker` can't be asked; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Container:
    """A service's container, as `docker compose ps` tells of it.

    Args:
        state: `running`, `exited`, `restarting`, `created` …
        health: `healthy`, `starting`, `unhealthy`; empty where nobody looks.
        ports: Port inside, protocol -> address and port of this machine.
    """

    service: str
    state: str
    health: str
    exit_code: int
    ports: Mapping[tuple[int, str], tuple[str, int]]


def run_docker(command: Sequence[str]) -> str:
    """Return what a command of Docker's prints.

    Raises:
        ComposeProblemError: it isn't there, failed, or gave no answer.
    """
    program = shutil.which(command[0])
    if program is None:
        raise ComposeProblemError(f"there is no `{command[0]}` on PATH")
    try:
        done = subprocess.run(
            [program, *command[1:]], capture_output=True, text=True, check=True, timeout=_ENGINE_S, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise ComposeProblemError(f"`{' '.join(command)}` gave no answer within {_ENGINE_S:g} s") from None
    except subprocess.CalledProcessError as error:
        raise ComposeProblemError(error.stderr.strip() or f"exit code {error.returncode}") from None
    return done.stdout


def containers() -> dict[str, Container]:
    """Return the containers of the project in this folder, by service.

    Raises:
        ComposeProblemError: compose can't be asked.
    """
    told = run_docker([*_COMPOSE, "ps", "--all", "--format", "json"])
    found = (container(json.loads(line)) for line in told.splitlines() if line.strip())
    return {one.service: one for one in found}


def container(told: Mapping[str, Any]) -> Container:
    """Return what compose tells of one container."""
    ports = {
        (port["TargetPort"], port["Protocol"]): (port["URL"], port["PublishedPort"])
        for port in told.get("Publishers") or []
        if port["PublishedPort"]
    }
    return Container(told["Service"], told["State"], told.get("Health", ""), told.get("ExitCode", 0), ports)


def check_engine(_around: Surroundings) -> Iterator[Finding]:
    """Whether an engine answers, and has compose."""
    try:
        engine = run_docker(["docker", "version", "--format", "{{.Server.Version}}"]).strip()
        compose = run_docker([*_COMPOSE, "version", "--short"]).strip()
        run_docker([*_COMPOSE, "config", "--quiet"])
    except ComposeProblemError as error:
        yield Finding("error", f"Docker: {error}", "Start Docker, and call this in the folder of docker-compose.yml.")
        return
    yield ok(f"Docker {engine}, compose {compose}")


def check_containers(_around: Surroundings) -> Iterator[Finding]:
    """Whether every service runs and is well, with the end of the log of one that isn't."""
    found = containers()
    if not found:
        yield Finding("error", "nothing runs", "docker compose up --detach --wait")
        return
    wrong = [_state(name, found.get(name)) for name in SERVICES]
    problems = [finding for finding in wrong if finding is not None]
    yield from problems or [ok(f"up and healthy: {', '.join(name for name in SERVICES if name not in ONCE)}")]


def _state(name: str, one: Container | None) -> Finding | None:
    if one is None:
        return Finding("error", f"{name} has no container", "docker compose up --detach --wait")
    if name in ONCE:
        well = one.state == "exited" and one.exit_code == 0
    else:
        well = one.state == "running" and one.health in ("healthy", "")
    if well:
        return None
    how = (
        f"{one.state}{f', {one.health}' if one.health else ''}{f', exit code {one.exit_code}' if one.exit_code else ''}"
    )
    text = f"{name}: {how}{_last_words(name)}"
    return Finding("warning" if one.health == "starting" else "error", text, f"docker compose logs {name}")


def _last_words(name: str) -> str:
    try:
        said = run_docker([*_COMPOSE, "logs", "--no-log-prefix", "--no-color", "--tail", _LOG_LINES, name])
    except ComposeProblemError:
        return ""
    return "".join(f"\n  {line[:200]}" for line in said.splitlines())


def check_coordinator(_around: Surroundings) -> Iterator[Finding]:
    """Whether the page answers, and a session could begin."""
    published = _published("coordinator")
    if published is None:
        yield Finding("info", "the coordinator's port isn't published")
        return
    url = f"http://{_callable(published)}"
    try:
        answer = ask("GET", f"{url}/ready")
    except OSError as error:
        yield Finding("error", f"{url} doesn't answer: {error}", "docker compose logs coordinator")
        return
    if answer.status_code == HTTPStatus.OK:
        yield ok(f"a session can begin: {url}")
        return
    reason = answer.json().get("reason")
    yield Finding("error", f"no session can begin: {reason}", "docker compose logs runtime")


def check_joining(_around: Surroundings) -> Iterator[Finding]:
    """Whether clients reach LiveKit to join: at the port they are told, and by TLS where their page comes by TLS."""
    port = _livekit_settings()["port"]
    published = containers()["livekit"].ports.get((port, "tcp"))
    if published is None or published[1] != port:
        told = f"clients join LiveKit at TCP port {port}, which isn't published as {port}"
        yield Finding("error", told, "Set REACTOR_LIVEKIT_PORT, not the port of the compose file.")
        return
    url = f"http://{_callable(published)}"
    try:
        ask("GET", url)
    except OSError as error:
        yield Finding("error", f"LiveKit doesn't answer at {url}: {error}", "docker compose logs livekit")
        return
    yield _joining_by_tls(_environment("coordinator").get("REACTOR_LIVEKIT_PUBLIC_URL", "")) or ok(
        f"clients join LiveKit at TCP port {port} of the host that they call"
    )


def _joining_by_tls(public_url: str) -> Finding | None:
    """What is to be said of LiveKit's address behind a proxy; None: there seems to be no proxy."""
    if public_url.startswith(("wss:", "https:")):
        try:
            ask("GET", public_url)
        except OSError as error:
            remedy = "See that the proxy passes this name on to LiveKit's port, with a certificate that clients trust."
            return Finding(
                "warning", f"clients join LiveKit at {public_url}, which doesn't answer here: {error}", remedy
            )
        return ok(f"clients join LiveKit at {public_url}")
    if public_url:
        told = f"clients join LiveKit at {public_url}, where a page by https can't: video stays black"
        return Finding("warning", told, _BY_TLS)
    if _is_open("livekit", "udp") and not _is_open("coordinator", "tcp"):
        told = (
            "only the ports of media are open, as behind a proxy with TLS; a page by https has nowhere to join LiveKit"
        )
        return Finding("error", told, _BY_TLS)
    return None


def _is_open(service: str, kind: str) -> bool:
    """Whether others than this machine reach a port of a service."""
    return any(not is_loopback(host) for (_, other), (host, _) in containers()[service].ports.items() if other == kind)


def check_media(_around: Surroundings) -> Iterator[Finding]:
    """Whether LiveKit's ports are those it announces, and its address is one that viewers reach."""
    settings = _livekit_settings()
    ports = containers()["livekit"].ports
    for name, kind in (("tcp_port", "tcp"), ("udp_port", "udp")):
        number = settings[name]
        if ports.get((number, kind), ("", 0))[1] != number:
            yield Finding(
                "error",
                f"LiveKit announces {kind.upper()} port {number}, which isn't published as {number}",
                "Set REACTOR_MEDIA_TCP_PORT and REACTOR_MEDIA_UDP_PORT, not the ports of the compose file.",
            )
    host = ports.get((settings["udp_port"], "udp"), ("127.0.0.1", 0))[0]
    node = settings["node_ip"]
    if is_loopback(node) and not is_loopback(host):
        yield Finding(
            "error",
            f"other machines may connect, but LiveKit tells them to send media to {node}: video stays black there",
            "Set NODE_IP in .env to this machine's address on their network, then: docker compose up --detach",
        )
    elif is_loopback(host) and not is_loopback(node):
        told = f"NODE_IP is {node}, but only this machine can connect"
        yield Finding("warning", told, "Set REACTOR_BIND=0.0.0.0 in .env")
    else:
        yield ok(f"LiveKit announces {node}, UDP {settings['udp_port']} and TCP {settings['tcp_port']}")
        if not is_loopback(host):
            told = f"a firewall must let in {_open_ports()}; this machine can't see that by itself"
            yield Finding("info", told)


def _open_ports() -> str:
    """The ports that others may call."""
    found = containers()
    published = [port for name in ("coordinator", "livekit") for port in found[name].ports.items()]
    opened = sorted((kind, port) for (_, kind), (host, port) in published if not is_loopback(host))
    return ", ".join(f"{kind.upper()} {port}" for kind, port in opened)


def _livekit_settings() -> dict[str, Any]:
    """What LiveKit's container was started with."""
    pairs = (line.strip().partition(": ") for line in _environment("livekit")["LIVEKIT_CONFIG"].splitlines())
    found: dict[str, Any] = {name: value for name, _, value in pairs}
    return found | {name: int(found[name]) for name in ("port", "tcp_port", "udp_port")}


def _environment(service: str) -> dict[str, str]:
    """The variables of a service's container."""
    identity = run_docker([*_COMPOSE, "ps", "--quiet", service]).strip()
    if not identity:
        raise ComposeProblemError(f"{service} doesn't run")
    told = json.loads(run_docker(["docker", "container", "inspect", identity]))[0]["Config"]["Env"]
    return {name: value for name, _, value in (entry.partition("=") for entry in told)}


def _published(service: str) -> tuple[str, int] | None:
    """Where the only port of a service is on this machine."""
    one = containers().get(service)
    return next(iter(one.ports.values()), None) if one else None


def _callable(published: tuple[str, int]) -> str:
    host, port = published
    return f"{'127.0.0.1' if host in _ANY else host}:{port}"


def _unless_docker_fails(look: Look) -> Look:
    """A check that can't be made, because one before it says why, is no finding of its own."""

    def checked(around: Surroundings) -> Iterator[Finding]:
        try:
            yield from look(around)
        except ComposeProblemError as error:
            yield Finding("info", f"can't be looked at: {error}")
        except KeyError as error:
            yield Finding("info", f"can't be looked at: there is no {error.args[0]}")

    return checked


COMPOSE_CHECKS = (
    Check("engine", "Docker", check_engine, limit_s=30.0),
    Check("containers", "Containers", _unless_docker_fails(check_containers), limit_s=60.0),
    Check("coordinator", "Sessions", _unless_docker_fails(check_coordinator), limit_s=30.0),
    Check("joining", "Joining", _unless_docker_fails(check_joining), limit_s=30.0),
    Check("media", "Video", _unless_docker_fails(check_media), limit_s=30.0),
)
