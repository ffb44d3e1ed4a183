"""`reactor run` as its users meet it: real processes on free ports."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import websockets

from support.limits import PATIENCE_S, SLOW
from support.manifests import write_manifest
from support.reactor_run import Reactor, get, reactors, until_gone, until_ports_free

pytestmark = pytest.mark.livekit

_END_S = 5.0 * SLOW
_MODEL = """
    from reactor_runtime import VideoModel, command, get_ctx
    import numpy as np

    print("the module is imported")

    class Model(VideoModel):
        def __init__(self, **kwargs):
            print("the model is made")

        def start_session(self):
            while not get_ctx().should_stop():
                get_ctx().emit_frame(np.zeros((64, 64, 3), np.uint8))
                get_ctx().wait(0.05)

        @command("set_prompt", description="What to show")
        def set_prompt(self, prompt: str):
            pass
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = write_manifest(tmp_path / "model", "mine:Model")
    (folder / "mine.py").write_text(textwrap.dedent(_MODEL))
    # Names of the library's modules are names that model authors choose, too.
    (folder / "queue.py").write_text("raise ImportError('the wrong queue')")
    return folder


@pytest.fixture
def start(model: Path) -> Iterator[Callable[..., Reactor]]:
    with reactors(model) as start:
        yield start


async def _first_message(reactor: Reactor) -> dict[str, object]:
    async with websockets.connect(f"ws://127.0.0.1:{reactor.ports['coordinator']}/ws") as client:
        message = json.loads(await asyncio.wait_for(client.recv(), PATIENCE_S))
    assert isinstance(message, dict)
    return message


def test_it_gets_ready_greets_a_client_and_ends_in_time(start: Callable[..., Reactor]) -> None:
    reactor = start()
    reactor.until_ready()
    assert get(f"{reactor.base_url}/ready") == 200
    assert asyncio.run(_first_message(reactor))["type"] == "welcome"
    reactor.until(lambda: bool(reactor.events("the model is made")), "word from the model")
    assert [record for record in reactor.records if record["level"] not in ("debug", "info")] == []
    family = list(reactor.family().values())
    assert len(family) == 4
    began = time.monotonic()
    reactor.process.send_signal(signal.SIGTERM)
    assert reactor.process.wait(PATIENCE_S) == 0
    assert time.monotonic() - began < _END_S
    until_gone(family)
    until_ports_free(reactor.ports)


def test_it_ends_in_time_while_the_model_loads(start: Callable[..., Reactor], model: Path) -> None:
    (model / "mine.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(600)\n")
    reactor = start()
    reactor.until(lambda: bool(reactor.events("loading")), "word from the model")
    family = list(reactor.family().values())
    began = time.monotonic()
    reactor.process.send_signal(signal.SIGTERM)
    assert reactor.process.wait(PATIENCE_S) == 0
    assert time.monotonic() - began < _END_S
    until_gone(family)
    until_ports_free(reactor.ports)


def test_every_setting_reaches_processes_that_take_it(start: Callable[..., Reactor]) -> None:
    flags = {
        "latency": "smooth",
        "video-codec": "h264",
        "max-bitrate": "3000000",
        "orphan-timeout": "5",
        "join-timeout": "10",
        "idle-timeout": "60",
        "max-session-duration": "600",
        "max-queue": "3",
        "allow-origin": "https://front.example",
        "livekit-public-url": "wss://front.example/livekit",
        "bucket": "my-models",
    }
    switches = ["--offline", "--strict-model-name", "--verbose"]
    reactor = start(*(part for name, value in flags.items() for part in (f"--{name}", value)), *switches)
    reactor.until_ready()
    assert reactor.events("restarting") == []


async def _hold_a_session(reactor: Reactor, then: Callable[[], None]) -> list[str]:
    """Ask for a session, call `then` once it is granted, and return the types of all messages until the socket ends."""
    async with websockets.connect(f"ws://127.0.0.1:{reactor.ports['coordinator']}/ws") as client:
        await client.send(json.dumps({"type": "sessionSetup", "data": {"modelName": "mine", "modelVersion": "1"}}))
        types: list[str] = []
        while "gpu-machine-assigned" not in types:
            types.append(json.loads(await asyncio.wait_for(client.recv(), PATIENCE_S))["type"])
        then()
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                types.append(json.loads(await asyncio.wait_for(client.recv(), PATIENCE_S))["type"])
    return types


def test_a_client_is_told_when_the_stack_ends_during_its_session(start: Callable[..., Reactor]) -> None:
    reactor = start()
    reactor.until_ready()
    began: list[float] = []

    def end() -> None:
        began.append(time.monotonic())
        reactor.process.send_signal(signal.SIGTERM)

    types = asyncio.run(_hold_a_session(reactor, end))
    assert "session-ended" in types
    assert reactor.process.wait(PATIENCE_S) == 0
    assert time.monotonic() - began[0] < _END_S
    assert reactor.events("a session begins")


def test_two_ctrl_c_end_it_at_once(start: Callable[..., Reactor]) -> None:
    reactor = start()
    reactor.until_ready()
    family = reactor.family()
    family["reactor_coordinator"].suspend()  # so that the orderly end would take its time
    reactor.process.send_signal(signal.SIGINT)
    reactor.until(lambda: bool(reactor.events("stopping")), "word of the end")
    began = time.monotonic()
    reactor.process.send_signal(signal.SIGINT)
    assert reactor.process.wait(PATIENCE_S) == 130
    assert time.monotonic() - began < 1.0 * SLOW
    until_gone(list(family.values()))


def test_nothing_survives_a_killed_reactor(start: Callable[..., Reactor]) -> None:
    reactor = start()
    reactor.until_ready()
    everything = psutil.Process(reactor.process.pid).children(recursive=True) + list(reactor.family().values())
    reactor.process.kill()
    reactor.process.wait(PATIENCE_S)
    until_gone(everything)
    until_ports_free(reactor.ports)


@pytest.mark.parametrize("victim", ["reactor_runtime", "reactor_coordinator", "livekit-server"])
def test_a_killed_process_is_started_again(start: Callable[..., Reactor], victim: str) -> None:
    reactor = start()
    reactor.until_ready()
    before = reactor.family()
    before[victim].kill()

    def recovered() -> bool:
        family = reactor.family()
        new = victim in family and family[victim].pid != before[victim].pid
        return new and get(f"{reactor.base_url}/ready") == 200

    reactor.until(recovered, f"new {victim}")
    assert len(reactor.events("restarting")) == 1
    for name, process in reactor.family().items():
        if name not in (victim, "reactor_runtime.worker"):
            assert process.pid == before[name].pid, f"{name} was restarted for nothing"


def test_a_port_in_use_names_process_and_flag_before_anything_starts(start: Callable[..., Reactor]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reactor = start("--coordinator-port", str(port))
        assert reactor.process.wait(PATIENCE_S) == 1
    reactor.until(lambda: len(reactor.errors) > 1, "words")
    text = "".join(reactor.errors)
    assert f"TCP port {port} (coordinator)" in text
    assert f"pid {os.getpid()}" in text
    assert "--coordinator-port" in text
    assert reactor.records == []


def test_a_wrong_manifest_is_told_before_anything_starts(start: Callable[..., Reactor], model: Path) -> None:
    (model / "manifest.json").write_text('{\n "model_nam": "x"\n}')
    reactor = start()
    assert reactor.process.wait(PATIENCE_S) == 1
    reactor.until(lambda: any("model_nam" in line for line in reactor.errors), "words")
    assert "manifest.json" in "".join(reactor.errors)
    assert reactor.records == []


def test_a_model_that_does_not_load_is_told_with_its_line_and_loaded_once_mended(
    start: Callable[..., Reactor], model: Path
) -> None:
    good = (model / "mine.py").read_text()
    (model / "mine.py").write_text("import no_such_package_anywhere\n")
    reactor = start()
    reactor.until(lambda: bool(reactor.events("load_failed")), "load error")
    message = str(reactor.events("load_failed")[0]["message"])
    assert "mine.py:1" in message
    assert "no_such_package_anywhere" in message
    (model / "mine.py").write_text(good)
    reactor.until_ready()


def test_two_stacks_run_side_by_side(start: Callable[..., Reactor]) -> None:
    first, second = start(), start()
    for reactor in (first, second):
        reactor.until_ready()
        assert asyncio.run(_first_message(reactor))["type"] == "welcome"


def test_capabilities_are_json_and_nothing_else(model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "reactor_cli", "capabilities", str(model)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["commands"]["set_prompt"]["description"] == "What to show"
    assert "the module is imported" in done.stderr
    assert "the model is made" not in done.stderr


def test_capabilities_of_a_broken_model_say_why(model: Path) -> None:
    (model / "mine.py").write_text("import no_such_package_anywhere\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "reactor_cli", "capabilities", str(model)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "no_such_package_anywhere" in done.stderr
