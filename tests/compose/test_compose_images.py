"""Our images: small, with nothing in them that they don't need, and nothing secret."""

import asyncio
import io
import json
import re
import tarfile
import tomllib
from pathlib import Path
from typing import IO, Any

import pytest

from support.compose import ROOT, TAG, ComposeError, ComposeStack, docker, project
from support.stand_ins import PYTHON

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

TARGETS = ("coordinator", "runtime")
RUNTIME_BYTES = 400e6
"""At most, without PyTorch; the coordinator's is smaller."""


REFUSAL_S = 240.0  # what doesn't depend on it may be built meanwhile
_PASSWORD = re.compile(rb"://[^\s/:@]+:[^\s/@]+@")
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}")
_SECRET_NAME = re.compile(
    r"(^|/)(\.env|\.?netrc|\.git|\.pypirc|pip\.conf|credentials|id_\w+|[^/]+\.key|(?!cacert)[^/]+\.pem)$"
)


async def inspected(tag: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(await docker("image", "inspect", tag))
    return found[0]


async def image(target: str) -> dict[str, Any]:
    return await inspected(f"reactor-local/{target}:{TAG}")


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


async def test_an_image_names_the_version_and_the_revision_it_was_made_of() -> None:
    project_file = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for target in TARGETS:
        labels = (await image(target))["Config"]["Labels"]
        assert labels["org.opencontainers.image.version"] == project_file["project"]["version"]
        assert labels["org.opencontainers.image.revision"]


@pytest.mark.parametrize("target", TARGETS)
async def test_no_password_is_among_the_arguments_of_an_image(target: str) -> None:
    assert not _PASSWORD.search(
        (await docker("image", "history", "--no-trunc", f"reactor-local/{target}:{TAG}")).encode()
    )


async def test_an_index_with_a_password_in_its_address_is_refused(tmp_path: Path) -> None:
    compose, _ = project(tmp_path, TORCH_INDEX="https://me:a-long-secret@127.0.0.1/simple", REACTOR_TAG="refused")
    with pytest.raises(ComposeError, match="REACTOR_NETRC"):
        await compose("build", "runtime", limit_s=REFUSAL_S)


async def test_nothing_secret_is_in_a_layer(stage: ComposeStack, tmp_path: Path) -> None:
    secrets = [text.encode() for text in await stage.compose.secrets() if len(text) >= 32]
    assert len(secrets) == 3
    layers = tmp_path / "layers.tar"
    await docker("image", "save", "--output", str(layers), *(f"reactor-local/{target}:{TAG}" for target in TARGETS))
    base = len((await inspected(PYTHON))["RootFS"]["Layers"])
    assert await asyncio.to_thread(_secret_files, layers, base, secrets) == []


async def test_a_secret_in_a_compressed_layer_is_found(tmp_path: Path) -> None:
    files = {
        "well.txt": b"well",
        "root/.netrc": b"",
        "key": b"a-secret",
        "etc/index": b"https://me:word@127.0.0.1/simple",
    }
    with tarfile.open(tmp_path / "layer", "w:gz") as layer:
        for name, content in files.items():
            _put(layer, name, content)
    with tarfile.open(tmp_path / "saved", "w") as saved:
        _put(saved, "base", b"no archive")
        _put(saved, "layer", (tmp_path / "layer").read_bytes())
        _put(saved, "manifest.json", json.dumps([{"Layers": ["base", "layer"]}]).encode())
    assert _secret_files(tmp_path / "saved", 1, [b"a-secret"]) == ["root/.netrc", "key", "etc/index"]


def _put(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _secret_files(saved: Path, base: int, secrets: list[bytes]) -> list[str]:
    """The files in the layers of saved images, without the first `base` of each, that hold something secret."""
    found = []
    with tarfile.open(saved) as images:
        told = json.load(_opened(images, "manifest.json"))
        for name in sorted({layer for one in told for layer in one["Layers"][base:]}):
            with tarfile.open(fileobj=_opened(images, name)) as layer:  # compressed or not, as the engine has it
                for member in layer:
                    content = _opened(layer, member).read() if member.isfile() else b""
                    if _is_secret(member.name, content) or any(secret in content for secret in secrets):
                        found.append(member.name)
    return found


def _opened(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    assert file is not None
    return file


def _is_secret(name: str, content: bytes) -> bool:
    others = re.search(r"/site-packages/(?!reactor_)", name)  # whose documentation shows addresses with passwords
    return bool(_SECRET_NAME.search(name) or _PRIVATE_KEY.search(content) or (not others and _PASSWORD.search(content)))
