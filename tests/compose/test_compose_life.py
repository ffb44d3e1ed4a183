"""The stack in containers from its first start to its end: weights by S3, restarts, UDP that is blocked, going down."""

import asyncio
import contextlib
import shutil
import signal
import subprocess
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from reactor_client import Event, ReactorClient, ReactorError, Subscription
from reactor_protocol.frontend import SessionEndedData
from support.compose import SERVICES, ComposeStack, running_compose
from support.limits import PATIENCE_S, SLOW
from support.manifests import write_manifest
from support.viewer import next_event, numbered

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

DOWN_S = 4.0
"""What `docker compose down` may take with a live session."""
_KILL_SERVER = """
    read -r init _ < /proc/1/task/1/children
    read -r server _ < /proc/$init/task/$init/children
    kill -KILL $server
"""
_MODEL = """
    from pathlib import Path

    from reactor_runtime import VideoModel, get_ctx
    from support import pattern

    class Weighty(VideoModel):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.size = sum(file.stat().st_size for file in Path(self.weights("NeuralWorld")).rglob("*.safetensors"))

        def start_session(self):
            ctx, number = get_ctx(), 0
            ctx.send({"type": "weights", "data": {"bytes": self.size}})
            while not ctx.should_stop():
                ctx.emit_frame(pattern.draw(number, 320, 192))
                number += 1
                ctx.wait(0.04)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose weights are in the registry of the stack, put there by its seed."""
    folder = write_manifest(tmp_path_factory.mktemp("model") / "weighty", "mine:Weighty", weights=["NeuralWorld"])
    (folder / "mine.py").write_text(textwrap.dedent(_MODEL))
    _let_all_read(folder)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(docker_engine: None, model: Path) -> AsyncIterator[ComposeStack]:
    async with running_compose(model) as stack:
        yield stack


def _let_all_read(folder: Path) -> None:
    """The runtime's container has a user of its own."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@contextlib.contextmanager
def udp_blocked(port: int) -> Iterator[None]:
    """Nothing gets to that UDP port of this machine."""
    rule = ["OUTPUT", "--protocol", "udp", "--dport", str(port), "--jump", "DROP"]
    iptables = shutil.which("iptables")
    assert iptables is not None
    subprocess.run([iptables, "--wait", "--insert", *rule], check=True)
    try:
        yield
    finally:
        subprocess.run([iptables, "--wait", "--delete", *rule], check=True)


async def sees_pictures(stack: ComposeStack) -> None:
    """A new client is served, however long that takes after what happened before."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        client = ReactorClient(stack.url)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await client.connect()
                await numbered(client.frames(), 3)
        except ReactorError:
            assert time.monotonic() < deadline_s
            await asyncio.sleep(0.2)
        else:
            return
        finally:
            await client.disconnect()


async def transport_protocol(client: ReactorClient) -> str:
    """By what its pictures come, as the statistics of its connection say."""
    assert client._conversation is not None
    stats = await client._conversation.room()._room.get_rtc_stats()
    both = [*stats.subscriber_stats, *stats.publisher_stats]
    pairs = [part.candidate_pair.candidate_pair for part in both if part.HasField("candidate_pair")]
    locals_ = {
        part.local_candidate.rtc.id: part.local_candidate.candidate for part in both if part.HasField("local_candidate")
    }
    (protocol,) = {locals_[pair.local_candidate_id].protocol for pair in pairs if pair.nominated}
    return protocol


async def end_of(events: Subscription[Event]) -> SessionEndedData:
    return await next_event(events, SessionEndedData)


async def test_a_client_sees_pictures_of_a_model_whose_weights_came_by_s3(stack: ComposeStack) -> None:
    async with ReactorClient(stack.url) as client:
        told = await anext(client.messages())
        await numbered(client.frames(), 5)
        assert await transport_protocol(client) == "udp"
    weights = Path("manifests/neural_world/registry/NeuralWorld/world.safetensors")
    assert told["data"]["bytes"] == (Path(__file__).parents[2] / weights).stat().st_size


async def test_media_come_by_tcp_where_udp_is_blocked(stack: ComposeStack) -> None:
    with udp_blocked(stack.ports["MEDIA_UDP"]):
        async with ReactorClient(stack.url) as client:
            await numbered(client.frames(), 5)
            assert await transport_protocol(client) == "tcp"


@pytest.mark.parametrize(
    ("service", "reasons"),
    [
        ("runtime", {"shutting_down", "runtime_lost"}),
        ("livekit", {"livekit_lost"}),
        ("coordinator", {"shutting_down"}),
    ],
)
async def test_a_service_that_is_restarted_costs_the_session_which_is_told_why(
    stack: ComposeStack, service: str, reasons: set[str]
) -> None:
    async with ReactorClient(stack.url) as client:
        ending = asyncio.create_task(end_of(client.events()))
        await numbered(client.frames())
        await stack.compose("restart", service)
        async with asyncio.timeout(PATIENCE_S):
            assert (await ending).reason in reasons
    await sees_pictures(stack)


async def test_a_livekit_that_is_stopped_is_missed_as_soon_as_one_on_this_machine(stack: ComposeStack) -> None:
    async with ReactorClient(stack.url) as client:
        ending = asyncio.create_task(end_of(client.events()))
        await numbered(client.frames())
        await stack.compose("stop", "livekit")
        stopped_s = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            assert (await ending).reason == "livekit_lost"
        print(f"told {time.monotonic() - stopped_s:.1f} s after LiveKit had stopped")
    await stack.compose("start", "livekit")
    await sees_pictures(stack)


async def test_a_process_that_is_killed_is_started_again(stack: ComposeStack) -> None:
    before = (await stack.compose.inspect("runtime"))["RestartCount"]
    # The server is the only child of the init's only child, and hasn't run for long enough to be started again there.
    await stack.compose("exec", "-T", "runtime", "bash", "-c", _KILL_SERVER)
    await sees_pictures(stack)
    assert (await stack.compose.inspect("runtime"))["RestartCount"] == before + 1


async def test_a_second_start_keeps_keys_and_weights(stack: ComposeStack) -> None:
    before = await stack.compose.secrets()
    await stack.compose("down", "--timeout", "5")
    await stack.compose("up", "--detach", "--no-build", "--wait")
    assert await stack.compose.secrets() == before
    assert "nothing to send" in await stack.compose("logs", "--no-log-prefix", "registry-seed")
    await sees_pictures(stack)


async def test_no_secret_is_in_a_log_or_an_environment(stack: ComposeStack) -> None:
    found = await stack.compose.secrets()
    assert len(found) == len(set(found)) == 5
    said = await stack.compose("logs", "--no-color")
    shown = "".join([str(await stack.compose.inspect(service)) for service in SERVICES])
    secrets = [text for text in found if not text.startswith(("API", "reactor"))]  # without the names of keys
    assert len(secrets) == 3
    for secret in secrets:
        assert len(secret) >= 32
        assert secret not in said
        assert secret not in shown


async def test_going_down_tells_the_client_and_is_done_in_seconds(stack: ComposeStack) -> None:
    async with ReactorClient(stack.url) as client:
        events = client.events()
        await numbered(client.frames())
        ending = asyncio.create_task(end_of(events))
        began_s = time.monotonic()
        await stack.compose("stop")
        took_s = time.monotonic() - began_s
        assert (await ending).reason == "shutting_down"
    print(f"going down took {took_s:.1f} s")
    assert took_s < DOWN_S * SLOW
    for service in ("coordinator", "runtime", "registry"):  # LiveKit is killed on purpose
        assert (await stack.compose.inspect(service))["State"]["ExitCode"] in (0, 128 + signal.SIGTERM)
