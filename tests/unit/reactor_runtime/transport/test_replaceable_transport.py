import asyncio

import pytest

from reactor_runtime.transport.base import TransportError, VideoFormat
from reactor_runtime.transport.memory import MemoryRoom, MemoryTransport
from reactor_runtime.transport.replaceable import ReplaceableTransport
from support.rooms import Heard

FORMAT = VideoFormat(64, 48, 30.0, "vp8")
PICTURE = memoryview(bytearray(64 * 48 * 3))


async def connected(room: MemoryRoom) -> ReplaceableTransport:
    transport = ReplaceableTransport(MemoryTransport(room))
    await transport.connect()
    return transport


async def test_pictures_texts_and_the_client_go_on_by_the_new_connection() -> None:
    old, new, heard = MemoryRoom(), MemoryRoom(joined=True), Heard()
    transport = await connected(old)
    transport.serve(heard, client_identity="c", takes_camera=False)
    track = await transport.publish_video("video", FORMAT)
    track.capture(PICTURE, 64, 48)
    await transport.replace(MemoryTransport(new))
    track.capture(PICTURE, 64, 48)
    await transport.send_text("hello")
    new.say("hi")
    assert (old.pictures, old.connected, old.published) == (1, False, None)
    assert (new.pictures, new.published, new.identity, new.texts) == (1, FORMAT, "c", ["hello"])
    assert (heard.events, heard.texts) == (["joined", "message"], ["hi"])


async def test_while_there_is_no_connection_pictures_are_dropped_and_texts_wait() -> None:
    old, new = MemoryRoom(), MemoryRoom()
    transport = await connected(old)
    track = await transport.publish_video("video", FORMAT)
    with pytest.raises(TransportError):
        await transport.replace(MemoryTransport(MemoryRoom(connect_error="no way in")))
    track.capture(PICTURE, 64, 48)
    sending = asyncio.create_task(transport.send_text("later"))
    await asyncio.sleep(0)
    assert not sending.done()
    await transport.replace(MemoryTransport(new))
    await sending
    assert (old.pictures, new.texts, new.published) == (0, ["later"], FORMAT)


async def test_a_track_that_was_taken_back_isnt_published_again() -> None:
    new = MemoryRoom()
    transport = await connected(MemoryRoom())
    track = await transport.publish_video("video", FORMAT)
    await track.unpublish()
    await transport.replace(MemoryTransport(new))
    assert new.published is None


async def test_a_closed_transport_takes_no_other_connection() -> None:
    new = MemoryRoom()
    transport = await connected(MemoryRoom())
    await transport.close()
    with pytest.raises(TransportError):
        await transport.replace(MemoryTransport(new))
    assert not new.connected
