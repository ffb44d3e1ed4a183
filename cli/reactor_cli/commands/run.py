"""`reactor run`: serve the model in a folder."""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _options(*options: _Decorator) -> _Decorator:
    def apply(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


def _switch(*names: str, text: str) -> _Decorator:
    return click.option(*names, is_flag=True, default=None, help=text)


_WHAT = _options(
    click.option("-p", "--path", type=click.Path(path_type=Path), help="The model's folder.  [default: this folder]"),
    _switch("--install", text="Install first what the model's requirements.txt asks for and isn't here."),
    click.option("--runtime", metavar="livekit|http|headless", help="How clients are reached (http, headless: later)."),
    click.option("-c", "--config", type=click.Path(path_type=Path), help="Settings in TOML; keys as the flags below."),
)
WHERE = _options(
    click.option("--host", help="Address to listen on; 0.0.0.0 lets other machines in.  [default: 127.0.0.1]"),
    click.option("--coordinator-port", "--port", type=int, help="For clients and browsers.  [default: 8080]"),
    click.option("--runtime-port", type=int, help="Runtime server.  [default: 8081]"),
    click.option("--livekit-port", type=int, help="LiveKit, signalling.  [default: 7880]"),
    click.option("--media-tcp-port", type=int, help="LiveKit, media over TCP.  [default: 7881]"),
    click.option("--media-udp-port", type=int, help="LiveKit, media over UDP.  [default: 7882]"),
    click.option("--public-host", help="Name or address of this machine for others; lets them in."),
    click.option("--livekit-public-url", help="What clients are told to connect to, behind a proxy."),
    click.option("--allow-origin", multiple=True, help="One more web origin that may connect (repeatable)."),
    click.option(
        "--livekit-url", help="A LiveKit server that runs already (with LIVEKIT_API_KEY, LIVEKIT_API_SECRET)."
    ),
)
_MEDIA = _options(
    click.option("--latency", metavar="low|smooth", help="smooth: buffer against network jitter.  [default: low]"),
    click.option(
        "--video-codec", metavar="vp9|h264|vp8|av1", help="For clients that can decode it.  [default: theirs]"
    ),
    click.option("--max-bitrate", type=int, help="Bits per second.  [default: by size and rate]"),
)
_SESSIONS = _options(
    click.option(
        "--orphan-timeout", type=float, help="Seconds a lost client may take to return.  [default: 30; 0: any]"
    ),
    click.option("--join-timeout", type=float, help="Seconds a client may take to join its room.  [default: 30]"),
    click.option("--idle-timeout", type=float, help="Seconds without a message that end a session.  [default: off]"),
    click.option("--max-session-duration", type=float, help="Seconds.  [default: off]"),
    click.option("--max-queue", type=int, help="Clients that may wait.  [default: 100]"),
    _switch("--strict-model-name", text="Refuse clients that ask for another model's name."),
)
_REST = _options(
    click.option("-b", "--bucket", help="Weights registry.  [default: reactor-models]"),
    _switch("--offline", text="Use weights that are here already; download nothing."),
    _switch("-v", "--verbose", text="Show everything the processes log."),
    click.option("--log-format", metavar="console|json", help="[default: console]"),
    _switch("--debug", text="Let a debugger attach to the model's process (needs debugpy)."),
    click.option("--debug-port", type=int, help="[default: 5678]"),
)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were on the command line."""
    flags = {name: value for name, value in options.items() if value is not None and value != ()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in flags.items()}


@click.command(
    help="Serve the model in a folder until Ctrl-C. Every flag is also a setting REACTOR_… or a --config key."
)
@_WHAT
@WHERE
@_MEDIA
@_SESSIONS
@_REST
@click.pass_context
def run(context: click.Context, /, **options: Any) -> None:
    """Start the processes and stay until told to end.

    `context.obj`: `time.monotonic()` at the command's start, or None.
    """
    started_s = context.obj if isinstance(context.obj, float) else time.monotonic()
    flags = given(options)

    from reactor_cli.serve import serve  # noqa: PLC0415 - `run --help` needs none of it

    code = 0
    try:
        serve(flags, started_s)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more
            stream.flush()
    # Not sys.exit: it would wait for threads, and a download or a name look-up in one must not hold up the end.
    os._exit(code)
