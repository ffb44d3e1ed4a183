"""What the processes of a stack are told: settings become environment variables."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from reactor_cli.child import ChildSpec
from reactor_cli.livekit_server import Endpoint
from reactor_cli.settings import LOOPBACK, RunSettings, variable

# -P: the caller's directory is a model's, and a `queue.py` in it must not shadow the library's.
_PYTHON = (sys.executable, "-P", "-m")
_NOT_PASSED_ON = {"config", "path", "install", "runtime", "runtime_key", "runtime_key_file", "debug", "debug_port"}
_REPLACED = ("REACTOR_RUNTIME_KEY_FILE", "REACTOR_LIFELINE_FD", "REACTOR_DEBUG_PORT")
_OFF_AT_ZERO = {"idle_timeout", "max_session_duration"}
_SECRETS = ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the processes find and trust each other.

    Args:
        folder: The model's, absolute.
        runtime_key: What the coordinator shows to the runtime.
        livekit: Where the SFU is or will be.
    """

    folder: Path
    runtime_key: str
    livekit: Endpoint


def coordinator_spec(settings: RunSettings, wiring: Wiring) -> ChildSpec:
    """Return how to start the coordinator."""
    env = _shared(settings, wiring) | {
        "REACTOR_HOST": settings.listen_host,
        "REACTOR_RUNTIME_URL": f"http://{LOOPBACK}:{settings.runtime_port}",
        "LIVEKIT_URL": wiring.livekit.url,
        "LIVEKIT_API_KEY": wiring.livekit.api_key,
        "LIVEKIT_API_SECRET": wiring.livekit.api_secret,
    }
    return ChildSpec("coordinator", [*_PYTHON, "reactor_coordinator"], env)


def runtime_spec(settings: RunSettings, wiring: Wiring) -> ChildSpec:
    """Return how to start the runtime server: on loopback, without LiveKit's secret."""
    env = {name: value for name, value in _shared(settings, wiring).items() if name not in _SECRETS}
    env["REACTOR_HOST"] = LOOPBACK
    if settings.debug:
        # Breakpoints are for the model's code, which is never frozen: no warning about it.
        env |= {"REACTOR_DEBUG_PORT": str(settings.debug_port), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return ChildSpec("runtime", [*_PYTHON, "reactor_runtime", "--path", str(wiring.folder)], env)


def _shared(settings: RunSettings, wiring: Wiring) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in _REPLACED}
    for field in type(settings).model_fields.keys() - _NOT_PASSED_ON:
        value = getattr(settings, field)
        if value is not None:
            env[variable(field)] = "off" if field in _OFF_AT_ZERO and value == 0 else _as_text(value)
    env |= {"REACTOR_RUNTIME_KEY": wiring.runtime_key, "REACTOR_LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1"}
    return env | _no_proxy(env, urlsplit(wiring.livekit.url).hostname)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    if isinstance(value, float):
        return f"{value:g}"
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _no_proxy(env: Mapping[str, str], livekit_host: str | None) -> dict[str, str]:
    """Media libraries obey proxy variables, and a proxy can't reach this machine's own ports."""
    hosts = [LOOPBACK, "localhost", *([livekit_host] if livekit_host else [])]
    given = [host for host in env.get("NO_PROXY", env.get("no_proxy", "")).split(",") if host]
    joined = ",".join(dict.fromkeys([*given, *hosts]))
    return {"NO_PROXY": joined, "no_proxy": joined}
