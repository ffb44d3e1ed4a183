"""What every test may use."""

import asyncio
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from reactor_cli.livekit_server import Endpoint, LiveKitServer, LiveKitSettings
from support.s3_server import S3Server, program_or_skip, running_s3_server
from support.sharing import Sharing

# A busy machine is slow now and then: that is no finding. pytest-timeout ends what hangs.
settings.register_profile("reactor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# In CI (hypothesis's own profile) every run tries the same examples: a failure is of the change, not of the draw.
settings.load_profile("ci" if os.environ.get("CI") else "reactor")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Share the files out among the workers (`-n 2`) as they can be."""
    return Sharing(config, log)


@pytest.fixture(scope="session")
def livekit_server() -> Iterator[Endpoint]:
    """A real LiveKit server on free ports, one for the whole run of a worker."""
    server = LiveKitServer(LiveKitSettings(port=0, tcp_port=0, udp_port=0))
    endpoint = asyncio.run(server.start())
    yield endpoint
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server on a free port, one for the whole run of a worker; a test makes a bucket of its own."""
    with running_s3_server(program_or_skip(), tmp_path_factory.mktemp("s3")) as server:
        yield server
