import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from reactor_cli import restart
from reactor_cli import service as service_module
from reactor_cli.child import ChildSpec
from reactor_cli.service import ProcessService, ServiceGaveUpError
from support.limits import PATIENCE_S, SLOW


class Heard:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.exits: list[int] = []

    def line(self, name: str, text: str) -> None:
        self.lines.append(text)

    def exit(self, name: str, code: int, delay_s: float) -> None:
        self.exits.append(code)

    async def until_lines(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.lines) < count:
            assert time.monotonic() < deadline, self.lines
            await asyncio.sleep(0.02)


def _service(code: str, heard: Heard) -> ProcessService:
    """It is up once it has said so."""

    async def is_up() -> bool:
        return heard.lines.count("up") > len(heard.exits)

    spec = ChildSpec("runtime", [sys.executable, "-c", code], dict(os.environ))
    return ProcessService(spec, is_up, heard.line, heard.exit)


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "DELAYS_S", (0.0, 0.01, 0.02))


async def test_a_killed_process_is_started_again() -> None:
    heard = Heard()
    service = _service("import time; print('up', flush=True); time.sleep(600)", heard)
    running = asyncio.create_task(service.run())
    await heard.until_lines(1)
    first = service.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await heard.until_lines(2)
    assert service.pid != first
    assert heard.exits == [-signal.SIGKILL]
    await service.stop(PATIENCE_S)
    await asyncio.wait_for(running, PATIENCE_S)


async def test_one_that_keeps_failing_is_given_up_with_its_last_words() -> None:
    heard = Heard()
    with pytest.raises(ServiceGaveUpError, match="no such thing") as caught:
        await asyncio.wait_for(_service("import sys; sys.exit('no such thing')", heard).run(), PATIENCE_S)
    assert "exit code 1" in str(caught.value)
    assert len(heard.exits) == 3


async def test_one_that_has_come_up_is_started_again_however_often_it_is_killed() -> None:
    heard = Heard()
    service = _service("import time; print('up', flush=True); time.sleep(600)", heard)
    running = asyncio.create_task(service.run())
    for count in range(1, 8):
        await heard.until_lines(count)
        await asyncio.sleep(3 * service_module._UP_POLL_S)  # it is noticed by then
        assert service.pid is not None
        os.kill(service.pid, signal.SIGKILL)
    await heard.until_lines(8)
    assert not running.done()
    await service.stop(PATIENCE_S)
    await asyncio.wait_for(running, PATIENCE_S)


async def test_stop_is_no_failure() -> None:
    heard = Heard()
    service = _service("import time; print('up', flush=True); time.sleep(600)", heard)
    running = asyncio.create_task(service.run())
    await heard.until_lines(1)
    await service.stop(PATIENCE_S)
    await asyncio.wait_for(running, PATIENCE_S)
    assert heard.exits == []


async def test_one_that_ignores_its_end_is_killed_after_the_grace(tmp_path: Path) -> None:
    heard = Heard()
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    service = _service(code, heard)
    running = asyncio.create_task(service.run())
    await heard.until_lines(1)
    started = time.monotonic()
    await service.stop(0.3)
    await asyncio.wait_for(running, PATIENCE_S)
    assert 0.3 <= time.monotonic() - started < 5.0 * SLOW
    assert service.pid is None


async def test_last_words_are_read_out_not_dumped() -> None:
    heard = Heard()
    record = '{"event": "settings are wrong", "level": "error", "timestamp": "x", "key": "port"}'
    code = f"import sys; print({record!r}); sys.exit(2)"
    with pytest.raises(ServiceGaveUpError, match="error: settings are wrong key=port"):
        await asyncio.wait_for(_service(code, heard).run(), PATIENCE_S)
    assert heard.exits == []  # exit code 2: wrong usage, not worth another try
