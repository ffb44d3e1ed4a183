"""A model folder with every mistake there is: what waits is told, the log names the line, a mended file is served."""

import asyncio
import json
import textwrap
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from reactor_cli.livekit_server import Endpoint
from reactor_client import ReactorClient, StatusChanged
from reactor_coordinator.tokens import TTL_S
from reactor_protocol.frontend import ErrorData
from reactor_runtime.worker.supervisor import MAX_LOAD_GRACE_S
from support.aftermath import held_at_rest, nothing_left, rss_mib, serves
from support.faults import log_entries, until_logged
from support.limits import PATIENCE_S, SLOW
from support.stack import Stack, running_stack
from support.viewer import next_event, numbered

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

GOOD = """\
import time
from reactor_runtime import VideoModel, get_ctx
from support import pattern

class Mine(VideoModel):
    def __init__(self, speed=24):
        self.speed = speed

    def start_session(self):
        number = 0
        while True:
            get_ctx().emit_frame(pattern.draw(number, 320, 192))
            number += 1
            time.sleep(1 / self.speed)
"""
MANIFEST = {
    "reactor-runtime": "0.0.4",
    "class": "mine:Mine",
    "model_name": "mine",
    "model_version": "1.0.0",
    "args": {"speed": 24},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the folder, and what must be said about it."""

    words: tuple[str, ...]
    file: str | None
    line: int | None
    source: str = GOOD
    manifest: dict[str, Any] | str | None = field(default_factory=lambda: dict(MANIFEST))
    more: dict[str, str] = field(default_factory=dict)


def init(*lines: str) -> str:
    """The good model with another `__init__`, whose body begins in line 7."""
    return GOOD.replace("        self.speed = speed\n", "".join(f"        {line}\n" for line in lines))


FAULTS = {
    "no manifest": Fault(("there is no manifest.json in",), "manifest.json", None, manifest=None),
    "broken JSON": Fault(
        ("manifest.json, line 3", "a comma before the closing }; remove it"),
        "manifest.json",
        3,
        manifest='{\n  "class": "mine:Mine",\n}\n',
    ),
    "a class that isn't there": Fault(
        ('manifest.json, line 3: key "class": mine.py has no class Mnie', 'Did you mean "Mine"?'),
        "manifest.json",
        3,
        manifest=MANIFEST | {"class": "mine:Mnie"},
    ),
    "a module that isn't there": Fault(
        ('manifest.json, line 3: key "class": there is no mein.py', 'Did you mean "mine"?'),
        "manifest.json",
        3,
        manifest=MANIFEST | {"class": "mein:Mine"},
    ),
    "an import error in the user's own code": Fault(
        ("helper.py, line 2: importing mine failed: ZeroDivisionError",),
        "helper.py",
        2,
        source="import helper\n" + GOOD,
        more={"helper.py": "\nvalue = 1 / 0\n"},
    ),
    "a missing package": Fault(
        ("mine.py, line 1: there is no module named 'no_such_pkg'", 'pip install "no-such-pkg>=2"'),
        "mine.py",
        1,
        source="import no_such_pkg.part\n" + GOOD,
        more={"requirements.txt": "no-such-pkg>=2\n"},
    ),
    "a syntax error": Fault(
        ("mine.py, line 3: importing mine failed: SyntaxError",), "mine.py", 3, source="\n\ndef broken(:\n" + GOOD
    ),
    "an __init__ that raises": Fault(
        ("mine.py, line 7: Mine.__init__ failed: ValueError: where are the weights?",),
        "mine.py",
        7,
        source=init("raise ValueError('where are the weights?')"),
    ),
    "an __init__ that exits": Fault(
        ("mine.py, line 8: Mine.__init__ failed: it called sys.exit('bye'); a model must not end its process",),
        "mine.py",
        8,
        source=init("import sys", "sys.exit('bye')"),
    ),
    "wrong arguments": Fault(
        ("manifest.json, line 7: key \"args.sped\": Mine.__init__ takes no 'sped'", 'Did you mean "speed"?'),
        "manifest.json",
        7,
        manifest=MANIFEST | {"args": {"sped": 24}},
    ),
    "missing arguments": Fault(
        ('manifest.json, line 6: key "args": Mine.__init__ needs depth. Add it there.',),
        "manifest.json",
        6,
        source=GOOD.replace("speed=24", "depth, speed=24"),
    ),
    "an __init__ that segfaults": Fault(
        ("was ended by SIGSEGV", "3 times in a row"), None, None, source=init("import ctypes", "ctypes.string_at(0)")
    ),
}


def write(folder: Path, fault: Fault) -> None:
    """Make the folder what the fault says."""
    for name, text in {"mine.py": fault.source, **fault.more}.items():
        (folder / name).write_text(textwrap.dedent(text))
    manifest = folder / "manifest.json"
    if fault.manifest is None:
        manifest.unlink(missing_ok=True)
    else:
        text = fault.manifest if isinstance(fault.manifest, str) else json.dumps(fault.manifest, indent=2)
        manifest.write_text(text)


HEALTHY = Fault((), None, None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that everything happens to."""
    made = tmp_path_factory.mktemp("mine")
    write(made, HEALTHY)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(folder: Path, livekit_server: Endpoint) -> AsyncIterator[Stack]:
    """A stack on that folder; its servers hold no more in the end than after their first session."""
    env = {"REACTOR_CACHE_DIR": str(folder.parent / "cache")}
    async with running_stack(folder, livekit=livekit_server, env=env) as stack:
        await serves(stack)
        await stack.until_ready()
        before = await held_at_rest(stack)
        yield stack
        await nothing_left(stack, before)


async def reload(stack: Stack) -> None:
    """Have the model loaded again as soon as the last session is over."""
    async with asyncio.timeout(PATIENCE_S):
        while (answer := await stack.ask_runtime("/reload", "POST")).status_code == httpx.codes.CONFLICT:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert answer.status_code == httpx.codes.OK


async def until_reason(stack: Stack, *words: str) -> str:
    """Wait until `/ready` is refused with that reason; the reason."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await stack.get("/ready")
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and all(word in answer.text for word in words):
                return str(answer.json()["reason"])
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_in_the_folder_is_told_with_its_line_and_mended_by_saving_the_file(
    name: str, stack: Stack, folder: Path
) -> None:
    fault, since = FAULTS[name], len(stack.log)
    write(folder, fault)
    await reload(stack)
    client = ReactorClient(stack.url)
    events = client.events()
    connecting = asyncio.create_task(client.connect(2 * PATIENCE_S))
    try:
        told = await next_event(events, ErrorData)
        assert (told.code, told.component, told.recoverable) == ("MODEL_LOADING_FAILED", "gpu", True)
        assert "your place in the queue is kept" in told.message
        reason = await until_reason(stack, "the model didn't load")
        runtime = await stack.ask_runtime("/ready")
        error = runtime.json()["error"]
        assert (runtime.status_code, runtime.json()["state"]) == (503, "failed")
        for words in fault.words:
            assert words in told.message
            assert words in reason
            assert words in error["message"]
            await until_logged(stack, words, since=since)
        assert (error["file"], error["line"]) == (str(folder / fault.file) if fault.file else None, fault.line)
        assert not connecting.done()

        write(folder, HEALTHY)
        await connecting
        await numbered(client.frames(), 3)
    finally:
        connecting.cancel()
        await client.disconnect()
    await serves(stack)


async def test_a_long_init_lets_clients_wait_with_progress_once_its_time_is_known(stack: Stack, folder: Path) -> None:
    write(folder, Fault((), None, None, source=init("time.sleep(5)", "self.speed = speed")))
    progress: list[list[float | None]] = []
    for _ in range(2):
        await reload(stack)
        await until_reason(stack, "the model is loading (init)")
        clients = [ReactorClient(stack.url) for _ in range(2)]
        events = clients[1].events()
        connecting = [asyncio.create_task(client.connect(PATIENCE_S)) for client in clients]
        await connecting[0]
        await numbered(clients[0].frames())
        await clients[0].disconnect()
        await connecting[1]
        await clients[1].disconnect()
        waiting = [event.waiting for event in await drained(events) if event.waiting is not None]
        loading = [place for place in waiting if place.reason == "loading"]
        assert {place.position for place in loading} <= {1, 2}
        progress.append([place.progress for place in loading])
    # The load before this one was short: it says little, and never that the model is there.
    assert all(value is None or value < 1 for value in progress[0])
    known = [value for value in progress[1] if value is not None]
    assert known == sorted(known)
    assert len(known) >= 2
    assert 0.2 < known[-1] < 1
    write(folder, HEALTHY)
    await reload(stack)
    await serves(stack)


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_an_init_of_ten_minutes_outlives_every_token_and_serves_all_who_waited(
    stack: Stack, folder: Path
) -> None:
    ten_minutes_s = 600
    write(folder, Fault((), None, None, source=init(f"time.sleep({ten_minutes_s})", "self.speed = speed")))
    await reload(stack)
    await until_reason(stack, "the model is loading (init)")
    began_s = time.monotonic()
    clients = [ReactorClient(stack.url) for _ in range(2)]
    connecting = [asyncio.create_task(client.connect(ten_minutes_s + 2 * PATIENCE_S)) for client in clients]
    for client, turn in zip(clients, connecting, strict=True):
        await turn
        await numbered(client.frames(), 3)
        await client.disconnect()
    assert time.monotonic() - began_s > TTL_S + MAX_LOAD_GRACE_S
    write(folder, HEALTHY)
    await reload(stack)
    await serves(stack)


async def drained(events: Any) -> list[StatusChanged]:
    """Status changes up to the end of the last session."""
    found: list[StatusChanged] = []
    while not found or found[-1].status != "disconnected":
        found.append(await next_event(events, StatusChanged))
    return found


async def test_an_init_that_prints_megabytes_is_cut_short_in_the_log_and_costs_little(
    stack: Stack, folder: Path
) -> None:
    megabytes = 20
    lines = (
        "line = 'x' * 98 + '\\n'",
        "import sys",
        f"for number in range({megabytes * 100}):",
        "    sys.stdout.write(line * 100)",
        "print('the end of it')",
        "self.speed = speed",
    )
    write(folder, Fault((), None, None, source=init(*lines)))
    process = psutil.Process(stack.children["runtime"].pid)
    before, memory_mib = process.cpu_times(), rss_mib(stack, "runtime")
    since = len(log_entries(stack))
    await reload(stack)
    await until_logged(stack, "the end of it")
    await stack.until_ready()
    spent = process.cpu_times()
    assert spent.user + spent.system - before.user - before.system < 5.0 * SLOW
    assert rss_mib(stack, "runtime") - memory_mib < 50
    entries = log_entries(stack)[since:]
    printed = [entry for entry in entries if str(entry["event"]).startswith("xxx")]
    assert len(printed) < megabytes * 10_000 / 4
    words = [str(entry["event"]) for entry in entries if "left out" in str(entry["event"])]
    left_out = sum(int(text.partition(": ")[2].split()[0].replace(",", "")) for text in words)
    assert left_out > megabytes * 10_000 / 2
    write(folder, HEALTHY)
    await reload(stack)
    await serves(stack)
