"""`python -m reactor_coordinator`: the process on 8080."""

import socket
import sys
from collections.abc import Sequence

import structlog

from reactor_coordinator.app import make_app
from reactor_coordinator.coordinator import Coordinator
from reactor_coordinator.errors import SettingsError
from reactor_coordinator.pool import RuntimePool, SingleRuntime
from reactor_coordinator.rooms import Rooms, bypass_proxies
from reactor_coordinator.server import Server, exit_quietly_on_signals, listen, possible_sockets
from reactor_coordinator.settings import Settings, describe_error, load_settings
from reactor_coordinator.tokens import TokenMint
from reactor_protocol.logs import set_up_logs


def main(args: Sequence[str] | None = None) -> None:
    """Run until SIGTERM or SIGINT (status 0); status 2 for settings that can't be used."""
    try:
        settings = load_settings(sys.argv[1:] if args is None else args)
        exit_quietly_on_signals()
        set_up_logs(settings.log_format, verbose=settings.verbose)
        listener = listen(settings.host, settings.coordinator_port)
    except SettingsError as error:
        sys.stderr.write(describe_error(error) + "\n")
        raise SystemExit(2) from None
    possible = possible_sockets()
    if possible < settings.max_sockets:
        structlog.get_logger(__name__).warning("few_descriptors", max_sockets=possible, see="ulimit -n")
        settings = settings.model_copy(update={"max_sockets": possible})
    bypass_proxies(settings.livekit_url)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    structlog.get_logger(__name__).info("listening", url=f"http://{shown}:{port}", runtime=settings.runtime_url)
    run(settings, listener)


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve on that socket until a signal ends it."""
    started: list[Coordinator] = []

    def start() -> tuple[Coordinator, RuntimePool]:
        key, secret = settings.livekit_api_key.get_secret_value(), settings.livekit_api_secret.get_secret_value()
        pool = SingleRuntime(settings.runtime_url, settings.runtime_key.get_secret_value())
        rooms = Rooms(
            settings.livekit_url,
            key,
            secret,
            prefix=settings.room_prefix,
            latency=settings.latency,
            orphan_s=settings.orphan_timeout,
        )
        coordinator = Coordinator(settings, pool, rooms, TokenMint(key, secret))
        coordinator.start()
        started.append(coordinator)
        return coordinator, pool

    async def farewell() -> None:
        for coordinator in started:
            await coordinator.stop()

    Server(make_app(settings, start), farewell).run(sockets=[listener])


if __name__ == "__main__":
    main()
