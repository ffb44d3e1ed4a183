"""The neural world, played as a front end plays it: keys go in, and the lantern in the decoded picture walks."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from reactor_cli.livekit_server import Endpoint
from reactor_client import Frame, ReactorClient, Subscription
from support.lantern import lantern_cell
from support.limits import PATIENCE_S
from support.stack import running_stack

pytestmark = pytest.mark.livekit

EXAMPLE = Path(__file__).parents[2] / "manifests" / "neural_world"
Cell = tuple[int, int]


async def until(frames: Subscription[Frame], reached: Callable[[Cell], bool]) -> Cell:
    """Where the lantern is as soon as it is where it should be."""
    async with asyncio.timeout(PATIENCE_S):
        async for frame in frames:
            cell = lantern_cell(frame.pixels)
            if cell is not None and reached(cell):  # before the model's first picture there may be a flat one
                return cell
    raise AssertionError("the session ended")


async def test_the_picture_follows_the_keys_with_weights_from_a_registry(
    livekit_server: Endpoint, tmp_path: Path
) -> None:
    env = {
        "REACTOR_MODELS_BUCKET": (EXAMPLE / "registry").as_uri(),
        "REACTOR_REGISTRY_CACHE": str(tmp_path / "cache"),
    }
    async with (
        running_stack(EXAMPLE, livekit=livekit_server, env=env) as stack,
        ReactorClient(stack.url, model_name="neural_world") as client,
    ):
        assert (tmp_path / "cache" / "NeuralWorld" / "world.safetensors").is_file()
        frames = client.frames()
        row, column = await until(frames, lambda _: True)
        await client.send_command("send_keyboard_state", d=True)
        row, column = await until(frames, lambda cell: cell[1] >= column + 2)
        await client.send_command("send_keyboard_state", w=True)
        row, column = await until(frames, lambda cell: cell[0] <= row - 2)
        await client.send_command("send_keyboard_state", a=True)
        row, column = await until(frames, lambda cell: cell[1] <= column - 2)
        await client.send_command("send_keyboard_state", s=True)
        row, column = await until(frames, lambda cell: cell[0] >= row + 2)
        await client.send_command("send_keyboard_state")
        await client.send_command("reset", seed=7)
        await until(frames, lambda cell: abs(cell[0] - row) + abs(cell[1] - column) > 3)
