"""What is said about a runtime server that isn't there: nothing while both start, a warning once it is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import structlog

from reactor_coordinator import pool
from reactor_coordinator.events import RuntimeGone, RuntimeSaid
from reactor_coordinator.pool import SingleRuntime
from support.fake_runtime import free_port, serve_fake_runtime

LIMIT_S = 20.0


@contextlib.asynccontextmanager
async def watching(port: int) -> AsyncIterator[AsyncIterator[RuntimeSaid | RuntimeGone]]:
    runtime = SingleRuntime(f"http://127.0.0.1:{port}", "")
    news = runtime.watch()
    try:
        async with asyncio.timeout(LIMIT_S):
            yield news
    finally:
        with contextlib.suppress(AttributeError):
            await news.aclose()  # type: ignore[attr-defined]
        await runtime.aclose()


async def test_a_runtime_that_starts_later_than_we_do_is_no_news() -> None:
    port = free_port()
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
            while not isinstance(await anext(news), RuntimeGone):
                pass
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["runtime_out_of_reach"]


async def test_a_runtime_that_never_comes_is_told_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "START_PATIENCE_S", 0.2)
    async with watching(free_port()) as news:
        assert isinstance(await anext(news), RuntimeGone)
