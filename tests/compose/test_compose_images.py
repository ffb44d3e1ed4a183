"""Our images: small, with nothing in them that they don't need, and nothing secret."""

import asyncio
import json
from typing import Any

import pytest

from support.compose import TAG, ComposeStack, docker

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

TARGETS = ("coordinator", "runtime")
RUNTIME_BYTES = 400e6
"""At most, without PyTorch; the coordinator's is smaller."""


async def image(target: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(await docker("image", "inspect", f"reactor-local/{target}:{TAG}"))
    return found[0]


async def inside(target: str, *command: str) -> str:
    """What a command prints in a container with a root that can't be written to."""
    shut = ("--rm", "--read-only", "--network=none", "--cap-drop=ALL", f"--entrypoint={command[0]}")
    return await docker("run", *shut, f"reactor-local/{target}:{TAG}", *command[1:])


@pytest.mark.parametrize("target", TARGETS)
async def test_an_image_says_what_it_is_and_how_it_ends(target: str) -> None:
    config = (await image(target))["Config"]
    labels = {name.removeprefix("org.opencontainers.image.") for name in config["Labels"]}
    assert {"title", "description", "version", "licenses", "vendor"} <= labels
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Entrypoint"][0] == "tini"


async def test_images_are_small() -> None:
    coordinator, runtime = [int((await image(target))["Size"]) for target in TARGETS]
    print(f"coordinator {coordinator / 1e6:.0f} MB, runtime {runtime / 1e6:.0f} MB")
    assert coordinator < runtime < RUNTIME_BYTES


async def test_the_product_is_one_layer_and_the_same_in_both_images() -> None:
    coordinator, runtime = [(await image(target))["RootFS"]["Layers"] for target in TARGETS]
    assert coordinator[-1] == runtime[-1]


@pytest.mark.parametrize("target", TARGETS)
async def test_an_image_has_no_tools_to_build_with(target: str) -> None:
    tools = "gcc g++ cc make ld git curl node npm go"
    found = await inside(target, "bash", "-c", f"for tool in {tools}; do command -v $tool; done; true")
    assert found == ""


@pytest.mark.parametrize("target", TARGETS)
async def test_packages_of_an_image_fit_together(target: str) -> None:
    said = await inside(
        target, "/usr/local/bin/python", "-m", "pip", "--python", "/opt/reactor/bin/python", "freeze", "--all"
    )
    assert "reactor-local" in said
    assert ("numpy" in said) == (target == "runtime")
    assert "torch" not in said


async def test_no_secret_of_a_running_stack_is_in_a_layer(stage: ComposeStack) -> None:
    secrets = [text for text in await stage.compose.secrets() if len(text) >= 32]
    for target in TARGETS:
        assert await _times_saved(f"reactor-local/{target}:{TAG}", secrets) == 0
        history = await docker("image", "history", "--no-trunc", f"reactor-local/{target}:{TAG}")
        assert not any(secret in history for secret in secrets)


async def _times_saved(tag: str, secrets: list[str]) -> int:
    """In how many lines of an image's layers one of the texts is."""
    patterns = " ".join(f"-e {secret}" for secret in secrets)
    command = f"docker image save {tag} | grep --text --count --fixed-strings {patterns}"
    process = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return int(said)
