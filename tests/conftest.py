"""What every test may use."""

import asyncio
from collections.abc import Iterator

import pytest

from reactor_cli.livekit_server import Endpoint, LiveKitServer, LiveKitSettings


@pytest.fixture(scope="session")
def livekit_server() -> Iterator[Endpoint]:
    """A real LiveKit server on free ports, one for the whole run."""
    server = LiveKitServer(LiveKitSettings(port=0, tcp_port=0, udp_port=0))
    endpoint = asyncio.run(server.start())
    yield endpoint
    asyncio.run(server.stop())
