"""The pictures are right, not only there: colours, order, size and orientation, in every codec and both directions."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Literal

import numpy as np
import pytest

from reactor_client import Camera, CameraError, Pixels, ReactorClient
from support import pattern
from support.limits import PATIENCE_S
from support.pictures import moving_photograph
from support.stack import Stack
from support.viewer import next_message, numbered

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

WIDTH, HEIGHT = 320, 240
# Mean difference of a channel to the sent picture, 0..255: VP8 twice (camera, model) at our bitrates is below 5.
PHOTOGRAPH_TOLERANCE = 10.0


@pytest.mark.parametrize("codec", ["vp9", "vp8", "h264", "av1"])
async def test_the_pattern_arrives_upright_in_its_colours_and_in_order(stage: Stack, codec: str) -> None:
    async with ReactorClient(stage.url, video_codecs=[codec]) as client:
        pictures = await numbered(client.frames(), 24)
        assert await received_codec(client) == codec
    numbers = [number for number, _ in pictures]
    assert numbers == sorted(numbers)  # one comes twice where the machine holds the model up
    assert len(set(numbers)) > 12
    for _, frame in pictures[4:]:  # the encoder's first pictures are coarse
        assert (frame.width, frame.height) == (320, 192)
        assert pattern.read(frame.pixels).colours_right


async def received_codec(client: ReactorClient) -> str:
    """What the decoder was fed with, as RTP statistics name it."""
    assert client._conversation is not None
    stats = await client._conversation.room()._room.get_rtc_stats()
    both = [*stats.subscriber_stats, *stats.publisher_stats]
    codecs = {part.codec.rtc.id: part.codec.codec.mime_type for part in both if part.HasField("codec")}
    received = [part.inbound_rtp for part in both if part.HasField("inbound_rtp")]
    return "".join(
        codecs[part.stream.codec_id].removeprefix("video/").lower() for part in received if part.inbound.frames_decoded
    )


async def test_another_size_follows_in_the_middle_of_a_session(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        frames = client.frames()
        before = (await numbered(frames))[0]
        await client.send_command("resize", width=480, height=272)
        after, frame = (await numbered(frames))[0]
        while (frame.width, frame.height) == (320, 192):
            after, frame = (await numbered(frames))[0]
        await client.send_command("resize", width=320, height=192)
    assert (frame.width, frame.height) == (480, 272)
    assert pattern.read(frame.pixels).colours_right
    assert after > before[0]


async def test_a_picture_carries_the_clock_of_its_arrival(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        (_, first), (_, second) = await numbered(client.frames(), 2)
    assert second.received_at_s > first.received_at_s


@asynccontextmanager
async def filming(
    camera: Camera, pictures: Iterable[Pixels], rotation: Literal[0, 90, 180, 270] = 0
) -> AsyncIterator[None]:
    """Meanwhile the camera takes these pictures."""

    async def film() -> None:
        for picture in pictures:
            camera.push(picture, rotation=rotation)
            await asyncio.sleep(1 / 24)

    task = asyncio.create_task(film())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until_seen(client: ReactorClient, count: int) -> dict[str, Any]:
    """What the model tells of the camera once it has seen so many numbers."""
    messages = client.messages()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await client.send_command("describe")
            seen: dict[str, Any] = await next_message(messages, "seen")
            if len(seen["numbers"]) >= count:
                return seen
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("codec", ["vp8", "h264", "vp9"])
async def test_the_camera_reaches_on_frame_upright_in_its_colours_and_in_order(
    lens: Stack, codec: Literal["vp8", "h264", "vp9"]
) -> None:
    async with ReactorClient(lens.url) as client:
        camera = await client.publish_camera(WIDTH, HEIGHT, fps=24, codec=codec)
        async with filming(camera, (pattern.draw(number, WIDTH, HEIGHT) for number in itertools.count())):
            seen = await until_seen(client, 20)
    assert seen["shape"] == [HEIGHT, WIDTH, 3]
    assert seen["dtype"] == "uint8"
    assert seen["colours_right"]
    assert seen["numbers"] == sorted(set(seen["numbers"]))


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (270, 3)])
async def test_a_turned_camera_reaches_on_frame_upright(
    lens: Stack, rotation: Literal[90, 180, 270], turns: int
) -> None:
    def turned(number: int) -> Pixels:
        upright = pattern.draw(number, HEIGHT, WIDTH) if turns % 2 else pattern.draw(number, WIDTH, HEIGHT)
        return np.ascontiguousarray(np.rot90(upright, k=turns))  # counter-clockwise, as the sensor sees it

    async with ReactorClient(lens.url) as client:
        camera = await client.publish_camera(WIDTH, HEIGHT, fps=24)
        async with filming(camera, (turned(number) for number in itertools.count()), rotation):
            seen = await until_seen(client, 10)
    assert seen["shape"] == ([WIDTH, HEIGHT, 3] if turns % 2 else [HEIGHT, WIDTH, 3])
    assert seen["colours_right"]


async def test_a_moving_photograph_comes_back_through_the_model(lens: Stack) -> None:
    photographs = list(moving_photograph("astronaut", height=HEIGHT, width=WIDTH, frames=48))
    async with ReactorClient(lens.url) as client:
        frames = client.frames()
        camera = await client.publish_camera(WIDTH, HEIGHT, fps=24)
        best: list[tuple[float, int]] = []
        async with filming(camera, itertools.cycle(photographs)), asyncio.timeout(PATIENCE_S):
            async for frame in frames:
                if frame.pixels.shape == (HEIGHT, WIDTH, 3) and frame.pixels.std() > 20:
                    best.append(min((_difference(frame.pixels, sent), at) for at, sent in enumerate(photographs)))
                if len(best) >= 30 and len({at for _, at in best[10:]}) > 8:  # the picture moves
                    break
    assert max(difference for difference, _ in best[10:]) < PHOTOGRAPH_TOLERANCE


def _difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one[::4, ::4].astype(np.int16) - other[::4, ::4]).mean())


async def test_a_camera_is_refused_by_a_model_without_video_input(stage: Stack) -> None:
    async with ReactorClient(stage.url) as client:
        with pytest.raises(CameraError, match="video_input"):
            async with asyncio.timeout(PATIENCE_S):
                await client.publish_camera(WIDTH, HEIGHT)
        await numbered(client.frames())
