"""What `docker compose up` does with another model, with packages of a model's own, and for work on the project."""

import asyncio
import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from reactor_client import ReactorClient
from support.compose import ROOT, ComposeError, ComposeStack, docker, project, running_compose
from support.environment import write_wheel
from support.limits import PATIENCE_S
from support.locked_index import PASSWORD, locked_index
from support.manifests import write_manifest
from support.ports import free_ports
from support.viewer import next_message

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

DOCS = ROOT / "docs" / "docker.md"
BUILD_S = 240.0  # the images are there already but for the last layer
_MODEL = """
import time

import numpy as np

from reactor_runtime import VideoModel, get_ctx


class Mine(VideoModel):
    def start_session(self):
        ctx = get_ctx()
        ctx.send({{"type": "version", "data": {version}}})
        while not ctx.should_stop():
            ctx.emit_frame(np.zeros((192, 320, 3), np.uint8))
            ctx.wait(0.04)
"""


def save(folder: Path, version: int) -> None:
    """As an editor does: a new file in the place of the old one."""
    new = folder.parent / "new.py"
    new.write_text(_MODEL.format(version=version))
    new.chmod(0o644)
    new.replace(folder / "mine.py")


async def version(stack: ComposeStack) -> int:
    """What the model tells a new client."""
    async with ReactorClient(stack.url) as client:
        found: int = await next_message(client.messages(), "version")
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose weights are in the registry of the stack."""
    made = write_manifest(tmp_path_factory.mktemp("model") / "mine", "mine:Mine", weights=["NeuralWorld"])
    made.parent.chmod(0o755)
    made.chmod(0o755)
    save(made, 1)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(docker_engine: None, folder: Path) -> AsyncIterator[ComposeStack]:
    """For work on the project, as docs/docker.md says, in the shell of somebody who works with Amazon."""
    files = [ROOT / "docker-compose.dev.yml"]
    (debug_port,) = free_ports(1)
    await project(folder, files)[0]("build", "--quiet", "runtime", limit_s=BUILD_S)
    amazons = {"AWS_ACCESS_KEY_ID": "theirs", "AWS_SECRET_ACCESS_KEY": "theirs", "AWS_REGION": "eu-central-1"}
    async with running_compose(folder, files, REACTOR_DEBUG_PORT=str(debug_port), **amazons) as stack:
        stack.ports["DEBUG"] = debug_port
        yield stack


@pytest.mark.parametrize(("service", "package"), [("runtime", "runtime_server"), ("coordinator", "coordinator")])
async def test_in_work_on_the_project_its_source_is_what_runs(stack: ComposeStack, service: str, package: str) -> None:
    module = f"reactor_{service}"
    where = await stack.compose("exec", "-T", service, "python", "-c", f"import {module}; print({module}.__file__)")
    assert where.strip() == f"/source/{package}/{module}/__init__.py"


async def test_in_work_on_the_project_the_studio_is_there(stack: ComposeStack) -> None:
    page = (await stack.get("/")).text
    (script,) = [part.split('"')[0] for part in page.split('src="./')[1:]]
    assert (await stack.get(f"/{script}")).headers["content-type"].startswith("text/javascript")


async def test_in_work_on_the_project_a_saved_model_is_loaded_again(stack: ComposeStack, folder: Path) -> None:
    assert await version(stack) == 1
    save(folder, 2)
    async with asyncio.timeout(PATIENCE_S):
        while await version(stack) != 2:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.5)


async def test_in_work_on_the_project_a_debugger_can_attach_to_the_model(stack: ComposeStack) -> None:
    asked = json.dumps({"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "test"}})
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", stack.ports["DEBUG"])
        writer.write(f"Content-Length: {len(asked)}\r\n\r\n{asked}".encode())
        answer = await reader.readuntil(b'"command": "initialize"')
        writer.close()
    assert b'"type": "response"' in answer


async def test_the_documented_command_puts_weights_into_the_registry(stack: ComposeStack, tmp_path: Path) -> None:
    weights = tmp_path / "MyWeights"
    weights.mkdir()
    (weights / "mine.bin").write_bytes(b"mine")
    for path in (tmp_path, weights):
        path.chmod(0o755)
    (written,) = re.findall(r"^docker compose (run [^`]*? upload .*)$", DOCS.read_text(), re.MULTILINE)
    command = shlex.split(written.replace("\\\n", "").replace("/path/to/MyWeights", str(weights)))
    await stack.compose(*command)
    assert "nothing to send" in await stack.compose(*command)
    assert "mine.bin" in await stack.compose("exec", "-T", "registry", "ls", "/registry/reactor-models/MyWeights")


async def test_the_page_names_no_address_for_others_who_cannot_reach_it(stack: ComposeStack) -> None:
    assert (await stack.get("/health")).json()["lan_url"] is None


async def test_another_example_is_a_variable_away(docker_engine: None) -> None:
    async with running_compose(None, MODEL="ink") as stack, ReactorClient(stack.url) as client:
        async with asyncio.timeout(PATIENCE_S):
            assert (await anext(client.frames())).pixels.any()
        assert (await stack.get("/health")).json()["model"]["name"] == "ink"


async def test_a_model_that_is_not_there_is_an_error_that_makes_no_folder(docker_engine: None, tmp_path: Path) -> None:
    compose, _ = project(tmp_path / "mistyped")
    try:
        with pytest.raises(ComposeError, match=r"bind source path does not exist: .*/mistyped"):
            await compose("create", "--no-build", "runtime")
    finally:
        await compose("down", "--volumes")
    assert not (tmp_path / "mistyped").exists()


async def test_packages_of_a_model_come_from_its_index_whose_password_stays_outside(
    docker_engine: None, tmp_path: Path
) -> None:
    model, index = tmp_path / "model", tmp_path / "simple"
    (index / "lamp").mkdir(parents=True)
    write_wheel(index / "lamp", "lamp", "1.0")
    model.mkdir()
    host = (await docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")).strip()
    with locked_index(tmp_path, host) as url:
        (model / "requirements.txt").write_text(f"--index-url {url}/simple\n--trusted-host {host}\nlamp==1.0\n")
        netrc = f"machine {host} login me password {PASSWORD}"
        compose, _ = project(model, [ROOT / "docker-compose.model.yml"], REACTOR_NETRC=netrc)
        await compose("build", "--quiet", "runtime", limit_s=BUILD_S)
    image = (await compose.config("runtime"))["services"]["runtime"]["image"]
    shown = "import lamp, numpy, reactor_runtime; print(lamp.version)"
    assert await docker("run", "--rm", "--entrypoint", "python", image, "-c", shown) == "1.0\n"
    assert PASSWORD not in await docker("image", "history", "--no-trunc", image)
    assert PASSWORD not in await docker("image", "inspect", image)
