"""The runtime server's parts put together, from the listening socket to the last one that ends."""

import asyncio
import contextlib
import importlib
import os
import signal
import socket
import sys
from collections.abc import Generator
from functools import partial
from urllib.parse import urlsplit

import structlog
import uvicorn

from reactor_protocol.logs import set_up_logs
from reactor_protocol.runtime import LiveKitTransport as LiveKitParameters
from reactor_runtime import memory
from reactor_runtime.server.app import create_app
from reactor_runtime.server.events import EventHub
from reactor_runtime.server.settings import Settings
from reactor_runtime.session.controller import Controller
from reactor_runtime.session.hot_reload import reload_when_saved
from reactor_runtime.transport.base import Transport
from reactor_runtime.worker.history import ModelHistory
from reactor_runtime.worker.spawn import Spawned
from reactor_runtime.worker.supervisor import Supervisor

_log = structlog.get_logger("reactor_runtime")

LIVEKIT = "reactor_runtime.transport.livekit"
FORCED = 130  # exit code after a second signal, as shells have it

_SWITCH_INTERVAL_S = 0.0005  # the pacer's p99 deviation beside a busy thread: 13 ms, with Python's 5 ms 36 ms


class _Server(uvicorn.Server):
    """Uvicorn, but signals are ours: the session ends before the sockets do."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def serve(settings: Settings, listening: socket.socket, first: Spawned | None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code.

    Args:
        settings: of this process.
        listening: where requests come in.
        first: the model's process, where that was started already.
    """
    set_up_logs(settings.log_format, verbose=settings.verbose)
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    return asyncio.run(_serve(settings, listening, first))


async def _serve(settings: Settings, listening: socket.socket, first: Spawned | None) -> int:
    hub = EventHub()
    history = ModelHistory(settings.cache_dir, settings.path)
    supervisor = Supervisor(settings.path, history, settings.worker_environment, first=first)
    controller = Controller(
        supervisor,
        history,
        open_transport=partial(_open_livekit, settings),
        publish=hub.publish,
        silence_s=hub.silence_s,
        codecs=settings.video_codec,
    )
    config = uvicorn.Config(
        create_app(controller, hub, settings.runtime_key),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    stop = _stop_on_signals()
    serving = asyncio.create_task(server.serve([listening]), name="HTTP server")
    running = asyncio.create_task(controller.run(), name="controller")
    # A third of a second, beside the model's loading: the first room shall not wait for it.
    importing = asyncio.create_task(asyncio.to_thread(_import_livekit), name="import livekit")
    beside = [asyncio.create_task(hub.beat(), name="heartbeat")]
    if settings.hot_reload:
        beside.append(asyncio.create_task(reload_when_saved(settings.path, supervisor, controller), name="hot reload"))
    stopping = asyncio.create_task(stop.wait(), name="stop signal")
    _announce(settings, listening)
    await asyncio.wait({serving, running, stopping}, return_when="FIRST_COMPLETED")
    await controller.close()
    for task in (*beside, stopping):
        task.cancel()
    hub.close()
    server.should_exit = True
    done = await asyncio.gather(serving, running, importing, *beside, stopping, return_exceptions=True)
    for failure in (result for result in done[:3] if isinstance(result, Exception)):
        _log.error("the runtime server failed", exc_info=failure)
    _log.info("stopped")
    return 0 if stop.is_set() else 1


def _import_livekit() -> None:
    importlib.import_module(LIVEKIT)
    memory.settle()


def _stop_on_signals() -> asyncio.Event:
    """Return what the first SIGTERM or SIGINT sets; the second one ends the process at once, the worker with it."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(FORCED)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return stop


def _announce(settings: Settings, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    if settings.runtime_key is None:
        _log.warning("no REACTOR_RUNTIME_KEY is set: the runtime listens on this machine only")
    _log.info("listening", host=host, port=port, folder=str(settings.path), pid=os.getpid())


def _open_livekit(
    settings: Settings, parameters: LiveKitParameters, *, takes_camera: bool, connect_s: float | None = None
) -> Transport:
    _bypass_proxies(urlsplit(parameters.ws_url).hostname)
    livekit = importlib.import_module(LIVEKIT)
    transport: Transport = livekit.LiveKitTransport(
        parameters.ws_url,
        parameters.jwt_token,
        max_bitrate_bps=settings.max_bitrate,
        subscribe=takes_camera,
        connect_s=connect_s or livekit.CONNECT_S,
    )
    return transport


def _bypass_proxies(host: str | None) -> None:
    """Reach LiveKit directly: its library reads NO_PROXY, and a proxy for the web has no business here."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [entry for entry in os.environ.get(name, "").split(",") if entry]
        if host and host not in hosts:
            os.environ[name] = ",".join([*hosts, host])
