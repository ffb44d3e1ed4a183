"""The example models, live: through the worker, LiveKit and a decoder, as a viewer sees them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reactor_cli.livekit_server import Endpoint
from reactor_client import Frame, ReactorClient, Subscription
from reactor_client.camera import Camera
from support.limits import PATIENCE_S
from support.pictures import moving_photograph
from support.stack import running_stack

pytestmark = pytest.mark.livekit

MANIFESTS = Path(__file__).parents[2] / "manifests"


async def status(messages: Subscription[Any], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        async for message in messages:
            if isinstance(message, dict) and message.get("type") == "status" and wanted(message):
                return message
    raise AssertionError("the session ended")


async def until(frames: Subscription[Frame], seen: Callable[[np.ndarray[Any, Any]], bool]) -> Frame:
    """The first picture that looks as wanted."""
    async with asyncio.timeout(PATIENCE_S):
        async for frame in frames:
            if seen(frame.pixels.astype(np.float32)):
                return frame
    raise AssertionError("the session ended")


@contextlib.asynccontextmanager
async def showing_photograph(camera: Camera) -> AsyncIterator[None]:
    """Feed the camera with a moving photograph."""

    async def feed() -> None:
        film = list(moving_photograph("astronaut", height=480, width=640, frames=30))
        while True:
            for picture in film:
                camera.push(picture)
                await asyncio.sleep(1 / 20)

    feeding = asyncio.create_task(feed())
    try:
        yield
    finally:
        feeding.cancel()
        await asyncio.wait({feeding})


async def test_ink_is_rich_from_the_first_picture_and_takes_commands(livekit_server: Endpoint) -> None:
    async with (
        running_stack(MANIFESTS / "ink", livekit=livekit_server) as stack,
        ReactorClient(stack.url, model_name="ink") as client,
    ):
        frames, messages = client.frames(), client.messages()
        first = await until(frames, lambda picture: picture.std() > 40)
        assert first.pixels.shape == (480, 832, 3)
        await client.send_command("set_palette", name="ocean")
        await status(messages, lambda message: message["palette"] == "ocean")
        bluish = await until(frames, lambda picture: picture[..., 2].mean() > picture[..., 0].mean() + 20)
        assert bluish.pixels.std() > 30


async def test_mirror_shows_the_camera_through_the_chosen_effect(livekit_server: Endpoint) -> None:
    async with (
        running_stack(MANIFESTS / "mirror", livekit=livekit_server) as stack,
        ReactorClient(stack.url, model_name="mirror") as client,
    ):
        frames, messages = client.frames(), client.messages()
        await until(frames, lambda picture: picture.std() > 10)  # the waiting picture
        camera = await client.publish_camera(640, 480)
        async with showing_photograph(camera):
            await status(messages, lambda message: message["status"] == "mirroring")
            await client.send_command("set_strength", strength=0.0)
            plain = next(moving_photograph("astronaut", height=480, width=640, frames=1))[:, ::-1]
            await until(frames, lambda picture: abs(picture.mean() - plain.mean()) < 20 and picture.std() > 60)
            await client.send_command("set_strength", strength=1.0)
            await until(frames, lambda picture: picture.mean() < plain.mean() - 30)  # neon: night with lines
        await camera.close()
        await status(messages, lambda message: message["status"] == "waiting for a camera")
