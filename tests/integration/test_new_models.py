"""What `reactor init` has made, served by `reactor run` and seen through LiveKit and a decoder."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reactor_cli.new_model import make_model_folder
from reactor_client import Frame, ReactorClient, Subscription
from support.limits import PATIENCE_S
from support.reactor_run import reactors

pytestmark = pytest.mark.livekit

Picture = np.ndarray[Any, Any]


@contextlib.asynccontextmanager
async def served(folder: Path, *flags: str) -> AsyncIterator[ReactorClient]:
    """Run the model of `folder` and be its viewer."""
    with reactors(folder) as start:
        reactor = start(*flags, env={"REACTOR_REGISTRY_CACHE": str(folder.parent / "cache")})
        await asyncio.to_thread(reactor.until_ready)
        async with ReactorClient(reactor.socket_url, model_name=folder.name) as client:
            yield client


async def until(frames: Subscription[Frame], seen: Callable[[Picture], bool]) -> Picture:
    """The first picture that looks as wanted."""
    async with asyncio.timeout(PATIENCE_S):
        async for frame in frames:
            picture = frame.pixels.astype(np.float32)
            if seen(picture):
                return picture
    raise AssertionError("the session ended")


async def status(messages: Subscription[Any]) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        async for message in messages:
            if isinstance(message, dict) and message.get("type") == "status":
                return message
    raise AssertionError("the session ended")


def make_weights(folder: Path) -> str:
    """What the command of the README prints."""
    command = [sys.executable, "make_weights.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout


async def test_the_video_template_flows_and_takes_colours(tmp_path: Path) -> None:
    async with served(make_model_folder(tmp_path / "sky", "video")) as client:
        frames, messages = client.frames(), client.messages()
        first = await until(frames, lambda picture: picture.std() > 40)
        assert first.shape == (480, 832, 3)
        assert first[..., 0].mean() > first[..., 2].mean()
        await until(frames, lambda picture: np.abs(picture - first).mean() > 5)
        await client.send_command("set_colours", name="sea")
        assert await status(messages) == {"type": "status", "colours": "sea"}
        await until(frames, lambda picture: picture[..., 2].mean() > picture[..., 0].mean() + 10)


async def test_the_webcam_template_bends_the_camera(tmp_path: Path) -> None:
    async with served(make_model_folder(tmp_path / "sky", "webcam")) as client:
        frames = client.frames()
        await until(frames, lambda picture: picture.std() > 10)  # lights, until a camera is there
        camera = await client.publish_camera(640, 480)
        white = np.full((480, 640, 3), 255, np.uint8)

        async def feed() -> None:
            while True:
                camera.push(white)
                await asyncio.sleep(1 / 20)

        feeding = asyncio.create_task(feed())
        try:
            bent = await until(frames, lambda picture: picture[:20].mean() > 230)
            assert bent[-20:].mean() < 150  # the past
            await until(frames, lambda picture: picture.mean() > 240)
        finally:
            feeding.cancel()
            await asyncio.wait({feeding})
        await camera.close()


async def test_the_weights_template_fetches_its_network_and_dreams(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "sky", "weights")
    registry = (folder / "registry").as_uri()
    assert make_weights(folder).endswith(f"reactor run --bucket {registry}\n")
    async with served(folder, "--bucket", registry) as client:
        frames, messages = client.frames(), client.messages()
        first = await until(frames, lambda picture: picture.std() > 30)
        assert first.shape == (240, 416, 3)
        await client.send_command("set_zoom", zoom=4)
        assert await status(messages) == {"type": "status", "zoom": 4.0}
        sharp = np.abs(np.diff(first, axis=1)).mean()
        await until(frames, lambda picture: np.abs(np.diff(picture, axis=1)).mean() < sharp / 2)
    assert (tmp_path / "cache" / "sky-network" / "network.npz").exists()
