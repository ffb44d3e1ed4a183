"""Somebody else in a session's room: who is there, and a sound of theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from livekit import api, rtc

from support.limits import PATIENCE_S
from support.stack import Stack

_RATE_HZ = 48_000
_FRAME = _RATE_HZ // 100
_TONE_HZ = 440
_LOUDNESS = 8_000  # of 32,767


async def room_of(stack: Stack) -> str:
    """The one session's; those kept ready for later ones are empty."""
    health = (await stack.get("/health")).json()
    assert health["active_connections"] == 1
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for room in await stack.rooms():
                if len(await participants(stack, room)) > 1:
                    return room
            await asyncio.sleep(0.1)


async def participants(stack: Stack, room: str) -> list[api.ParticipantInfo]:
    """Who is in a room, and what they publish, as LiveKit has it."""
    http = stack.livekit.url.replace("ws", "http", 1)
    async with api.LiveKitAPI(http, stack.livekit.api_key, stack.livekit.api_secret) as server:
        found = await server.room.list_participants(api.ListParticipantsRequest(room=room))
    return list(found.participants)


@asynccontextmanager
async def another_in(stack: Stack) -> AsyncIterator[rtc.Room]:
    """Somebody else in the session's room."""
    grants = api.VideoGrants(room_join=True, room=await room_of(stack))
    token = api.AccessToken(stack.livekit.api_key, stack.livekit.api_secret)
    room = rtc.Room()
    await room.connect(stack.livekit.url, token.with_identity("another").with_grants(grants).to_jwt())
    try:
        yield room
    finally:
        await room.disconnect()


@asynccontextmanager
async def humming_in(stack: Stack) -> AsyncIterator[None]:
    """Somebody else in the session's room, with a tone."""
    async with another_in(stack) as room:
        source = rtc.AudioSource(_RATE_HZ, 1)
        await room.local_participant.publish_track(rtc.LocalAudioTrack.create_audio_track("sound", source))
        humming = asyncio.create_task(_hum(source))
        try:
            yield
        finally:
            humming.cancel()


async def _hum(source: rtc.AudioSource) -> None:
    """A tone, for ever."""
    samples = (_LOUDNESS * np.sin(2 * np.pi * _TONE_HZ * np.arange(_FRAME) / _RATE_HZ)).astype(np.int16)
    while True:  # it takes as much as it plays
        await source.capture_frame(rtc.AudioFrame(samples.tobytes(), _RATE_HZ, 1, _FRAME))
