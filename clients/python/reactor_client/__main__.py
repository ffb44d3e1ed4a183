"""Look at a model without a browser: `python -m reactor_client --seconds 5 --save picture.png`."""

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reactor_client.client import ReactorClient
from reactor_client.errors import ReactorError
from reactor_client.events import StatusChanged
from reactor_client.frame import Frame
from reactor_client.png import encode_png
from reactor_protocol.application import CommandErrorData
from reactor_protocol.frontend import ErrorData, SessionEndedData

_DEFAULT_URL = "ws://localhost:8080/ws"
_LONGEST_LINE = 200


@dataclass(slots=True)
class _Seen:
    frames: int = 0
    last: Frame | None = None


def main() -> int:
    """Print status, messages and frame rate; exit status 1 when there was no picture."""
    options = _options()
    # A picture that gives way to a newer one is no news here.
    logging.getLogger("livekit").setLevel(logging.ERROR)
    try:
        return asyncio.run(_look(options))
    except ReactorError as error:
        _say(f"error: {error}")
    except KeyboardInterrupt:
        return 130
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reactor_client", description=__doc__)
    parser.add_argument("url", nargs="?", default=_DEFAULT_URL, help="the coordinator (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="look for that long (default: 5)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the last picture as PNG")
    parser.add_argument(
        "--command",
        action="append",
        type=_command,
        default=[],
        metavar="JSON",
        help='send a command first, for instance \'{"type": "start"}\'; may be given several times',
    )
    return parser.parse_args()


def _command(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} isn't JSON ({error})") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f'expected {{"type": …, "data": {{…}}}}, found {text}')
    return value


async def _look(options: argparse.Namespace) -> int:
    client = ReactorClient(options.url)
    seen = _Seen()
    watchers = [asyncio.create_task(_print_events(client))]
    try:
        await client.connect()
        watchers += [asyncio.create_task(_print_messages(client)), asyncio.create_task(_count(client, seen))]
        for command in options.command:
            await client.send_message(command)
        end_s = time.monotonic() + options.seconds
        while time.monotonic() < end_s and client.status == "ready":
            before = seen.frames
            await asyncio.sleep(min(1.0, options.seconds))
            _say(f"{seen.frames - before} frames{_size(seen.last)}")
    finally:
        await client.disconnect()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
    return _finish(options.save, seen)


def _finish(save: Path | None, seen: _Seen) -> int:
    if seen.last is None:
        _say("no picture came")
        return 1
    if save is not None:
        save.write_bytes(encode_png(seen.last.pixels))
        _say(f"saved {save}")
    return 0


async def _count(client: ReactorClient, seen: _Seen) -> None:
    async for frame in client.frames():
        seen.frames += 1
        seen.last = frame


async def _print_messages(client: ReactorClient) -> None:
    async for message in client.messages():
        _say(f"message: {json.dumps(message)[:_LONGEST_LINE]}")


async def _print_events(client: ReactorClient) -> None:
    async for event in client.events():
        match event:
            case StatusChanged(status=status, waiting=None):
                _say(f"status: {status}")
            case StatusChanged(waiting=waiting) if waiting is not None:
                progress = "" if waiting.progress is None else f", {waiting.progress:.0%}"
                _say(f"status: waiting, {waiting.position} of {waiting.queue_length} ({waiting.reason}{progress})")
            case CommandErrorData():
                _say(f"command {event.command} failed: {event.code}: {event.message}")
            case ErrorData(code="MODEL_LOADING_FAILED" | "GPU_CONNECTION_FAILED"):  # the place in the queue is kept
                _say(f"{event.code}: {event.message}")
            case SessionEndedData():
                _say(f"session ended: {event.reason}: {event.message}")


def _size(frame: Frame | None) -> str:
    return "" if frame is None else f", {frame.width}x{frame.height}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    status = main()
    # Not sys.exit: LiveKit's threads call into Python, and abort the process where it has been taken down.
    os._exit(status)
