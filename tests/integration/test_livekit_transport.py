"""The LiveKit transport and a video output on it, against a real server and a client that is only the library."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from operator import eq

import numpy as np
import pytest
from livekit import api, rtc

from reactor_cli.livekit_server import Endpoint
from reactor_protocol.application import MAX_MESSAGE_BYTES
from reactor_protocol.frontend import VideoCodec
from reactor_runtime.media.frame import USUAL_AHEAD, OutputFrame
from reactor_runtime.media.output import VideoOutput
from reactor_runtime.transport.base import TransportError, VideoFormat
from reactor_runtime.transport.livekit import LiveKitTransport
from support import pattern
from support.limits import PATIENCE_S
from support.pattern import Picture
from support.rooms import Client, Heard, SessionRoom, open_room

pytestmark = pytest.mark.livekit


@asynccontextmanager
async def runtime_in(room: SessionRoom, *, takes_camera: bool = False) -> AsyncIterator[tuple[LiveKitTransport, Heard]]:
    transport = LiveKitTransport(room.endpoint.url, room.token("runtime"))
    heard = Heard()
    await transport.connect()
    transport.serve(heard, client_identity="client", takes_camera=takes_camera)
    try:
        yield transport, heard
    finally:
        await transport.close()


@asynccontextmanager
async def client_in(room: SessionRoom, identity: str = "client") -> AsyncIterator[Client]:
    client = Client()
    await client.join(room, identity)
    try:
        yield client
    finally:
        await client.leave()


@asynccontextmanager
async def output_on(transport: LiveKitTransport, video: VideoFormat) -> AsyncIterator[VideoOutput]:
    failures: list[str] = []
    output = VideoOutput(
        transport, "reactor-video", max_fps=video.fps, on_first_frame=lambda: None, on_failed=failures.append
    )
    await output.publish(video)
    output.begin()
    try:
        yield output
    finally:
        await output.close()
    assert not failures


def frame_of(number: int, width: int, height: int) -> OutputFrame:
    pixels = pattern.draw(number, width, height).reshape(-1).data
    return OutputFrame(pixels, width, height, number, time.monotonic(), 1 / 30, 0, 1, _released)


def _released(ahead: int = USUAL_AHEAD, begin_at_s: float = 0.0) -> None: ...


async def play(output: VideoOutput, numbers: range, width: int, height: int) -> None:
    due = time.monotonic()
    for number in numbers:
        output.play(frame_of(number, width, height))
        due += 1 / 30
        await asyncio.sleep(max(due - time.monotonic(), 0))


async def numbers_seen(client: Client, until: Callable[[int], bool]) -> list[Picture]:
    """The pictures with a number, up to one that is wanted."""
    pictures = []
    while True:
        picture = await client.next_picture()
        number = pattern.read(picture).number
        if number is not None:
            pictures.append(picture)
            if until(number):
                return pictures


async def until_announced(transport: LiveKitTransport) -> None:
    """Who publishes nothing is announced in batches, each few seconds."""
    async with asyncio.timeout(PATIENCE_S):
        while "client" not in transport._participants():  # noqa: ASYNC110 - the listener hears of it by other ways, too
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("codec", ["vp9", "vp8", "h264"])
async def test_pictures_arrive_whole_upright_coloured_and_in_order(livekit_server: Endpoint, codec: VideoCodec) -> None:
    async with (
        open_room(livekit_server) as room,
        runtime_in(room) as (transport, heard),
        output_on(transport, VideoFormat(640, 360, 30, codec)) as output,
        client_in(room) as client,
    ):
        await heard.until("subscribed")
        output.release_hold()
        await play(output, range(60), 640, 360)
        await output.drain(PATIENCE_S)
        pictures = await numbers_seen(client, partial(eq, 59))
        stats = output.stats()
    readings = [pattern.read(picture) for picture in pictures]
    numbers = [reading.number for reading in readings if reading.number is not None]
    assert {picture.shape for picture in pictures} == {(360, 640, 3)}
    assert all(reading.colours_right for reading in readings), max(reading.colour_error for reading in readings)
    assert numbers == sorted(numbers)
    assert len(set(numbers)) >= 15  # encoder, decoder and the queue of one lose some on a busy machine
    assert (stats.frames, stats.sent, stats.dropped) == (60, 60, 0)


async def test_a_size_may_change_within_a_session(livekit_server: Endpoint) -> None:
    sizes = [(640, 360), (480, 480), (1280, 720)]  # the last one is so much larger that the track is published again
    async with (
        open_room(livekit_server) as room,
        runtime_in(room) as (transport, heard),
        output_on(transport, VideoFormat(640, 360, 30, "vp8")) as output,
        client_in(room) as client,
    ):
        await heard.until("subscribed")
        output.release_hold()
        pictures: list[Picture] = []
        for index, size in enumerate(sizes):
            numbers = range(index * 45, index * 45 + 45)
            await play(output, numbers, *size)
            await output.drain(PATIENCE_S)
            pictures += await numbers_seen(client, partial(eq, numbers[-1]))
        stats = output.stats()
    seen = dict.fromkeys((picture.shape[1], picture.shape[0]) for picture in pictures)
    assert list(seen) == sizes
    assert all(pattern.read(picture).colours_right for picture in pictures)
    assert (stats.sent, stats.dropped) == (135, 0)


async def test_a_track_published_again_shows_on(livekit_server: Endpoint) -> None:
    async with (
        open_room(livekit_server) as room,
        runtime_in(room) as (transport, _),
        client_in(room) as client,
    ):
        track = await transport.publish_video("reactor-video", VideoFormat(320, 240, 30, "h264"))
        numbers = itertools.count()

        async def show_until(wanted: int) -> int:
            """Show one after the other until one from `wanted` on is seen; the last one's number."""
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    number = next(numbers)
                    track.capture(pattern.draw(number, 320, 240).reshape(-1).data, 320, 240)
                    await asyncio.sleep(1 / 30)
                    arrived = [pattern.read(client.pictures.get_nowait()) for _ in range(client.pictures.qsize())]
                    if any(reading.number is not None and reading.number >= wanted for reading in arrived):
                        return number

        before = await show_until(0)
        await track.republish()
        await show_until(before + 30)
        await track.unpublish()


async def test_the_camera_of_the_client_arrives(livekit_server: Endpoint) -> None:
    async with (
        open_room(livekit_server) as room,
        runtime_in(room, takes_camera=True) as (_, heard),
        client_in(room) as client,
    ):
        source = rtc.VideoSource(320, 240)
        track = rtc.LocalVideoTrack.create_video_track("camera", source)
        options = rtc.TrackPublishOptions(simulcast=False, source=rtc.TrackSource.SOURCE_CAMERA)
        await client.room.local_participant.publish_track(track, options)
        for number in itertools.count():
            picture = pattern.draw(number, 320, 240)
            frame = rtc.VideoFrame(320, 240, rtc.VideoBufferType.RGB24, picture.reshape(-1).data)
            source.capture_frame(frame, rotation=rtc.VideoRotation.VIDEO_ROTATION_90)
            await asyncio.sleep(1 / 30)
            if len(heard.camera) > 10:
                break  # else the test's own limit
        await client.room.local_participant.unpublish_track(track.sid)
        await source.aclose()
    picture, rotation = heard.camera[-1]
    # The sending library turns the picture itself; others leave that to the receiver and say so in `rotation`.
    assert (picture.shape, rotation) == ((320, 240, 3), 0)
    as_captured = np.rot90(picture)
    assert pattern.read(as_captured).number is not None
    assert pattern.read(as_captured).colours_right


async def test_texts_keep_their_order_in_both_directions(livekit_server: Endpoint) -> None:
    large = "é" * (2 * 1024 * 1024)
    texts = ["first", large, *(f"text {number}" for number in range(50))]
    async with open_room(livekit_server) as room, runtime_in(room) as (transport, heard), client_in(room) as client:
        for text in texts:
            await client.room.local_participant.send_text(text, topic="application")
        await heard.until_texts(len(texts))
        await asyncio.gather(*(transport.send_text(text) for text in texts))
        received = [await client.next_text() for _ in texts]
    assert heard.texts == texts
    assert received == texts


async def test_a_text_that_is_too_large_is_reported_and_the_next_one_arrives(livekit_server: Endpoint) -> None:
    async with open_room(livekit_server) as room, runtime_in(room) as (_, heard), client_in(room) as client:
        await client.room.local_participant.send_text("x" * (MAX_MESSAGE_BYTES + 1), topic="application")
        await client.room.local_participant.send_text("small", topic="application")
        await heard.until_texts(1)
    assert heard.texts == ["small"]
    assert "too large" in heard.events


async def test_what_the_client_said_before_the_session_is_told_when_it_starts(livekit_server: Endpoint) -> None:
    async with open_room(livekit_server) as room, client_in(room) as client:
        transport = LiveKitTransport(room.endpoint.url, room.token("runtime"))
        await transport.connect()
        track = await transport.publish_video("reactor-video", VideoFormat(320, 240, 30, "vp8"))
        flat = np.zeros(320 * 240 * 3, np.uint8)
        await client.room.local_participant.send_text("early", topic="application")
        async with asyncio.timeout(PATIENCE_S):
            while not (transport._subscribed and transport._inbox._held):
                track.capture(flat.data, 320, 240)
                await asyncio.sleep(1 / 30)
        heard = Heard()
        transport.serve(heard, client_identity="client", takes_camera=False)
        assert heard.events == ["joined", "subscribed", "message"]
        assert heard.texts == ["early"]
        await track.unpublish()
        await transport.close()


async def test_leaving_is_told_from_being_thrown_out(livekit_server: Endpoint) -> None:
    http = livekit_server.url.replace("ws", "http", 1)
    async with open_room(livekit_server) as room, runtime_in(room) as (transport, heard):
        async with client_in(room) as client:
            await client.room.local_participant.send_text("here", topic="application")
            await heard.until_texts(1)
            await until_announced(transport)
        await heard.until("left")
        async with client_in(room) as client:
            await until_announced(transport)
            async with api.LiveKitAPI(http, livekit_server.api_key, livekit_server.api_secret) as server:
                await server.room.remove_participant(api.RoomParticipantIdentity(room=room.name, identity="client"))
            await heard.until("lost client")


async def test_only_the_client_counts(livekit_server: Endpoint) -> None:
    async with (
        open_room(livekit_server) as room,
        runtime_in(room, takes_camera=True) as (transport, heard),
        client_in(room, "stranger") as stranger,
    ):
        await stranger.room.local_participant.send_text("let me in", topic="application")
        async with client_in(room) as client:
            await client.room.local_participant.send_text("hello", topic="application")
            await heard.until_texts(1)
            await transport.send_text("for the client")
            assert await client.next_text() == "for the client"
            await until_announced(transport)
        await heard.until("left")
        assert stranger.texts.get_nowait() == "hello"  # the client's go to everybody, ours to the client alone
        assert stranger.texts.empty()
    assert heard.texts == ["hello"]
    assert heard.events.count("joined") == 1


async def test_a_deleted_room_is_a_lost_connection(livekit_server: Endpoint) -> None:
    async with open_room(livekit_server) as room:
        transport = LiveKitTransport(room.endpoint.url, room.token("runtime"))
        heard = Heard()
        await transport.connect()
        transport.serve(heard, client_identity="client", takes_camera=False)
    await heard.until("lost")
    with pytest.raises(TransportError, match="lost"):
        await transport.send_text("too late")
    await transport.close()


async def test_a_refused_token_is_never_repeated(livekit_server: Endpoint) -> None:
    made = api.AccessToken(livekit_server.api_key, "another-secret-of-at-least-32-bytes-----")
    token = made.with_identity("runtime").with_grants(api.VideoGrants(room_join=True, room="none")).to_jwt()
    transport = LiveKitTransport(livekit_server.url, token)
    with pytest.raises(TransportError) as refused:
        await transport.connect()
    await transport.close()
    assert token not in str(refused.value)
    assert "eyJ" not in str(refused.value)


async def test_a_short_buffer_is_refused(livekit_server: Endpoint) -> None:
    async with open_room(livekit_server) as room, runtime_in(room) as (transport, _):
        track = await transport.publish_video("reactor-video", VideoFormat(320, 240, 30, "vp8"))
        with pytest.raises(ValueError, match="320x240 needs 230400"):
            track.capture(np.zeros(100, np.uint8).data, 320, 240)
        await track.unpublish()
