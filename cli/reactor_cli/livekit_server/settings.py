"""What a caller may decide about the LiveKit server, and what it gets."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Source = Literal["binary", "download", "go", "container"]
Stage = Literal["looking", "downloading", "building", "starting", "ready"]

ANY_PORT = 0  # as with bind(): the launcher picks a free one


def default_cache_dir() -> Path:
    """Return `REACTOR_CACHE_DIR`, else `~/.cache/reactor-local`."""
    given = os.environ.get("REACTOR_CACHE_DIR")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "reactor-local"


@dataclass(frozen=True, slots=True)
class ExternalLiveKit:
    """A LiveKit server that runs already: nothing is started."""

    url: str
    api_key: str
    api_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiveKitSettings:
    """Settings of the launcher; a port of 0 means any free one.

    `public_host` set (to the name or address that browsers elsewhere use) opens the server to the network; it binds
    loopback otherwise. `node_ip` is the only address announced for media: for a machine behind NAT. `sources` are tried
    in their order.
    """

    port: int = 7880
    tcp_port: int = 7881
    udp_port: int = 7882
    public_host: str | None = None
    node_ip: str | None = None
    external: ExternalLiveKit | None = None
    api_key: str | None = None
    """With `api_secret`: given, so that tokens outlive a restart; else random."""
    api_secret: str | None = field(default=None, repr=False)
    sources: tuple[Source, ...] = ("binary", "download", "go", "container")
    cache_dir: Path = field(default_factory=default_cache_dir)
    ready_timeout_s: float = 30.0  # it answers in 0.2 s; a cold disk and a busy machine take longer


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the server is and the key that it takes."""

    url: str
    api_key: str
    api_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Status:
    """One line about what the launcher does; `progress` in 0..1 where it is known."""

    stage: Stage
    message: str
    progress: float | None = None


OnStatus = Callable[[Status], None]
