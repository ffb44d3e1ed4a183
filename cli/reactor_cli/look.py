"""One look at a running stack over HTTP, cheap enough to be taken often."""

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reactor_cli.settings import LOOPBACK
from reactor_cli.status import Phase, StackStatus

if TYPE_CHECKING:
    from reactor_protocol.runtime import Download

_ANSWER_S = 2.0
_LARGEST_ANSWER_BYTES = 1024 * 1024
_PHASES: dict[str, Phase] = {
    "loading": "loading",
    "ready": "ready",
    "starting": "starting_session",
    "active": "active",
    "stopping": "stopping",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 0: nobody answered."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where to look."""

    coordinator_host: str
    coordinator_port: int
    runtime_port: int
    runtime_key: str


async def look(at: Endpoints) -> StackStatus:
    """Ask runtime and coordinator what they are doing; whoever doesn't answer is `starting`."""
    runtime = await get(LOOPBACK, at.runtime_port, "/ready", at.runtime_key)
    phase = _PHASES.get(str(runtime.body.get("state")), "starting")
    if phase == "starting":
        return StackStatus()
    ready = await get(at.coordinator_host, at.coordinator_port, "/ready")
    health = await get(at.coordinator_host, at.coordinator_port, "/health")
    if phase == "ready" and ready.status != 200:
        phase = "starting"
    return StackStatus(
        phase=phase,
        stage=runtime.body.get("stage"),
        progress=runtime.body.get("progress"),
        download=_download(runtime.body.get("download")),
        error=_error(runtime.body.get("error")),
        accepting=ready.status == 200,
        waiting=int(health.body.get("queue_length") or 0),
    )


async def get(host: str, port: int, path: str, key: str | None = None) -> Answer:
    """GET a small JSON object; HTTP/1.0, so that the answer ends with the connection."""
    bearer = f"Authorization: Bearer {key}\r\n" if key else ""
    request = f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nAccept: application/json\r\n{bearer}\r\n"
    try:
        async with asyncio.timeout(_ANSWER_S):
            reader, writer = await asyncio.open_connection(host, port, limit=_LARGEST_ANSWER_BYTES)
            try:
                writer.write(request.encode())
                return _parse(await _all(reader))
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return Answer(0, {})


async def _all(reader: asyncio.StreamReader) -> bytes:
    data = b""
    while len(data) < _LARGEST_ANSWER_BYTES and (chunk := await reader.read(_LARGEST_ANSWER_BYTES)):
        data += chunk
    return data


def _parse(data: bytes) -> Answer:
    head, _, body = data.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 3 or not words[1].isdigit():
        return Answer(0, {})
    try:
        value = json.loads(body)
    except ValueError:
        value = {}
    return Answer(int(words[1]), value if isinstance(value, dict) else {})


def _download(value: object) -> "Download | None":
    if not isinstance(value, dict):
        return None
    from reactor_protocol.runtime import Download  # noqa: PLC0415 - 0.1 s of a start that most starts don't need

    return Download.model_validate(value)


def _error(value: object) -> str | None:
    if not isinstance(value, dict):
        return str(value) if value else None
    file, line = value.get("file"), value.get("line")
    place = f"{file}:{line}\n" if file and line else f"{file}\n" if file else ""
    return f"{place}{value.get('message', '')}"
