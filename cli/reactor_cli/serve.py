"""From settings to a running stack: everything that can be wrong is told before anything starts."""

import asyncio
import importlib.util
import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Any

from reactor_cli.addresses import front_door, livekit_settings, reachable, wanted_ports
from reactor_cli.display import choose_display
from reactor_cli.environment import Wiring, coordinator_spec, runtime_spec
from reactor_cli.errors import CliError, UsageProblem
from reactor_cli.livekit_server import Endpoint, LiveKitSettings
from reactor_cli.livekit_service import FetchNews, GivenLiveKit, LiveKitService
from reactor_cli.look import Endpoints, get
from reactor_cli.model_folder import open_model
from reactor_cli.output import Output
from reactor_cli.ports import port_problems
from reactor_cli.requirements import see_to_requirements
from reactor_cli.service import IsUp, OnExit, OnLine, ProcessService, Service
from reactor_cli.settings import LOOPBACK, RunSettings, load_settings
from reactor_cli.stack import Member, Stack, Welcome, exit_notice
from reactor_protocol.manifest import Manifest

# Clients are told and sessions ended (the coordinator gives itself 2 s), the model is stopped or killed (0.5 s and
# 1.5 s), LiveKit takes a second at most: 4.9 s at the very worst, about one usually.
_COORDINATOR_GRACE_S = 2.2
_RUNTIME_GRACE_S = 1.7
_LIVEKIT_GRACE_S = 1.0


def serve(flags: dict[str, Any], started_s: float) -> None:
    """Run a stack until it is told to end.

    Args:
        flags: Settings given on the command line, by field name.
        started_s: `time.monotonic()` at the command's start.

    Raises:
        UsageProblem: settings or path can't be followed.
        CliError: the manifest, a port, an installation or a process is in the way.
    """
    settings = load_settings(flags)
    folder, manifest = open_model(settings.path)
    _check_debugger(settings)
    livekit = livekit_settings(settings)
    problems = port_problems(wanted_ports(settings, livekit))
    if problems:
        raise CliError(problems)
    display = choose_display(settings.log_format)
    own = {"livekit_out_of_reach"} if livekit else ()  # it is being fetched or started, and says itself what is wrong
    output = Output(display, settings.coordinator_port, told_elsewhere=own, verbose=settings.verbose)
    see_to_requirements(folder, display.notice, install=settings.install)
    wiring = Wiring(folder, _runtime_key(settings), _endpoint(settings, livekit))
    news = FetchNews(display.notice, verbose=settings.verbose)

    def on_exit(name: str, code: int, delay_s: float) -> None:
        display.notice(exit_notice(name, code, delay_s))

    server = LiveKitService(livekit, news, on_exit) if livekit else GivenLiveKit()
    members = _members(settings, wiring, server, output.line, on_exit)
    welcome = _welcome(settings, manifest, started_s)
    at = Endpoints(
        reachable(settings.listen_host), settings.coordinator_port, settings.runtime_port, wiring.runtime_key
    )
    try:
        asyncio.run(Stack(members, at, display, welcome, lambda: news.now).run())
    except CliError as error:
        raise _with_log_folder(error, output.folder) from None
    finally:
        display.close()
        output.close()


def _members(settings: RunSettings, wiring: Wiring, livekit: Service, on_line: OnLine, on_exit: OnExit) -> list[Member]:
    coordinator = _answers(reachable(settings.listen_host), settings.coordinator_port)
    runtime = _answers(LOOPBACK, settings.runtime_port)
    return [
        Member(ProcessService(coordinator_spec(settings, wiring), coordinator, on_line, on_exit), _COORDINATOR_GRACE_S),
        Member(ProcessService(runtime_spec(settings, wiring), runtime, on_line, on_exit), _RUNTIME_GRACE_S),
        Member(livekit, _LIVEKIT_GRACE_S),
    ]


def _answers(host: str, port: int) -> IsUp:
    async def answers() -> bool:
        return (await get(host, port, "/health")).status == HTTPStatus.OK

    return answers


def _endpoint(settings: RunSettings, livekit: LiveKitSettings | None) -> Endpoint:
    if livekit is not None:
        return Endpoint(f"ws://{LOOPBACK}:{livekit.port}", livekit.api_key or "", livekit.api_secret or "")
    secret = settings.livekit_api_secret
    return Endpoint(
        settings.livekit_url or "", settings.livekit_api_key or "", secret.get_secret_value() if secret else ""
    )


def _runtime_key(settings: RunSettings) -> str:
    if settings.runtime_key is not None:
        return settings.runtime_key.get_secret_value()
    if settings.runtime_key_file is None:
        return secrets.token_urlsafe(32)
    try:
        key = settings.runtime_key_file.read_text().strip()
    except OSError as error:
        raise UsageProblem(f"REACTOR_RUNTIME_KEY_FILE: {settings.runtime_key_file}: {error.strerror}") from None
    if not key:
        raise UsageProblem(f"REACTOR_RUNTIME_KEY_FILE: {settings.runtime_key_file} is empty")
    return key


def _check_debugger(settings: RunSettings) -> None:
    if settings.debug and importlib.util.find_spec("debugpy") is None:
        raise CliError("--debug needs debugpy, which isn't installed here. Install it: pip install debugpy")


def _welcome(settings: RunSettings, manifest: Manifest, started_s: float) -> Welcome:
    where = front_door(settings)
    model = f"{manifest.model_name} {manifest.model_version}"
    return Welcome(model, f"http://{where}", f"ws://{where}/ws", started_s)


def _with_log_folder(error: CliError, folder: Path | None) -> CliError:
    where = f"\nFull logs: {folder}" if folder else ""
    return CliError(f"{error.message}{where}")
