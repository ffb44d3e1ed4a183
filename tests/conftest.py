"""What every test may use."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import settings

from reactor_cli.livekit_server import Endpoint, LiveKitServer, LiveKitSettings

# A busy machine is slow now and then: that is no finding. pytest-timeout ends what hangs.
settings.register_profile("reactor", deadline=None)
settings.load_profile("reactor")


@pytest.fixture(scope="session")
def livekit_server() -> Iterator[Endpoint]:
    """A real LiveKit server on free ports, one for the whole run."""
    server = LiveKitServer(LiveKitSettings(port=0, tcp_port=0, udp_port=0))
    endpoint = asyncio.run(server.start())
    yield endpoint
    asyncio.run(server.stop())
