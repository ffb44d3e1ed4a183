"""What is said about a runtime server that isn't there: nothing while both start, a warning once it is lost."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
import structlog

from reactor_coordinator import pool, runtime_client
from reactor_coordinator.events import RuntimeDoubted, RuntimeGone, RuntimeSaid
from reactor_coordinator.pool import SingleRuntime
from reactor_protocol.frontend import to_json
from reactor_protocol.runtime import Readiness, Snapshot
from support.fake_runtime import serve_fake_runtime
from support.limits import PATIENCE_S, SLOW
from support.ports import free_ports


@contextlib.asynccontextmanager
async def watching(port: int) -> AsyncIterator[AsyncIterator[RuntimeSaid | RuntimeDoubted | RuntimeGone]]:
    runtime = SingleRuntime(f"http://127.0.0.1:{port}", "")
    news = runtime.watch()
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield news
    finally:
        with contextlib.suppress(AttributeError):
            await news.aclose()  # type: ignore[attr-defined]
        await runtime.aclose()


@contextlib.asynccontextmanager
async def hanging_runtime(answers: int) -> AsyncIterator[int]:
    """A runtime's port; so many event streams begin with a snapshot, and no other word is ever said."""
    snapshot = Snapshot(
        seq=1,
        instance="one",
        readiness=Readiness(state="ready"),
        session_id=None,
        prepared=[],
        model_name="m",
        model_version="1",
        video_input=False,
        audio_input=False,
    )
    left, held = answers, list[asyncio.StreamWriter]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        held.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        if left:
            left -= 1
            head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
            writer.write(f"{head}data: {to_json(snapshot)}\n\n".encode())

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in held:
            writer.close()


async def test_a_runtime_that_starts_later_than_we_do_is_no_news() -> None:
    (port,) = free_ports(1)
    with structlog.testing.capture_logs() as logs:
        async with watching(port) as news:
            first = asyncio.ensure_future(anext(news))
            await asyncio.sleep(0.3)
            async with serve_fake_runtime(port):
                assert isinstance(await first, RuntimeSaid)
    assert [entry for entry in logs if entry["log_level"] != "debug"] == []


async def test_a_runtime_that_is_lost_is_told_at_once() -> None:
    with structlog.testing.capture_logs() as logs:
        async with serve_fake_runtime() as fake, watching(fake.port) as news:
            await anext(news)
            fake.server_exit()
            while isinstance(said := await anext(news), RuntimeSaid):
                pass
            assert isinstance(said, RuntimeDoubted)
            assert isinstance(await anext(news), RuntimeGone)
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["runtime_out_of_reach"]


async def test_a_runtime_that_never_comes_is_told_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "START_PATIENCE_S", 0.2)
    async with watching(free_ports(1)[0]) as news:
        assert isinstance(await anext(news), RuntimeGone)


async def test_a_runtime_that_hangs_is_told_once_it_has_not_answered_when_asked_again() -> None:
    async with hanging_runtime(answers=1) as port, watching(port) as news:
        assert isinstance(await anext(news), RuntimeSaid)
        began_s = time.monotonic()
        assert isinstance(await anext(news), RuntimeDoubted)
        assert isinstance(await anext(news), RuntimeGone)
        assert time.monotonic() - began_s < 4.5 * SLOW


async def test_a_runtime_that_answers_when_asked_again_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SILENCE_S", 1.0)
    monkeypatch.setattr(runtime_client, "SILENCE_S", 1.0)
    async with hanging_runtime(answers=3) as port, watching(port) as news:
        told = [type(await anext(news)) for _ in range(5)]
    assert told == [RuntimeSaid, RuntimeDoubted, RuntimeSaid, RuntimeDoubted, RuntimeSaid]
