"""The runtime server as a process: its routes, its events, its end."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from httpx_sse import aconnect_sse
from pydantic import SecretStr

from reactor_protocol.runtime import parse_runtime_event
from reactor_runtime.server.app import MAX_BODY_BYTES, create_app
from reactor_runtime.server.events import EventHub
from support.core import Core, running_core, until, write_model
from support.limits import PATIENCE_S, SLOW
from support.reactor_run import until_gone

KEY = "a-key-for-tests"
HEADERS = {"Authorization": f"Bearer {KEY}"}


class Process:
    """`python -m reactor_runtime` on a free port."""

    def __init__(self, folder: Path, cache: Path, *flags: str) -> None:
        self._log = (cache.parent / "runtime.log").open("w+")
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "reactor_runtime", "--path", str(folder), "--runtime-port", "0", *flags],
            env=os.environ | {"REACTOR_RUNTIME_KEY": KEY, "REACTOR_CACHE_DIR": str(cache)},
            stdout=self._log,
            stderr=self._log,
        )
        self.pid = self._popen.pid

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text()

    async def url(self) -> str:
        await until(lambda: '"listening"' in self.log or self._popen.poll() is not None)
        line = next(line for line in self.log.splitlines() if '"listening"' in line)
        return f"http://127.0.0.1:{json.loads(line)['port']}"

    async def children(self) -> list[psutil.Process]:
        """The worker, and the guard that isn't our child."""
        await until(lambda: '"the model is loaded"' in self.log)
        return psutil.Process(self.pid).children(recursive=True)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def exit_code(self) -> int:
        return await asyncio.to_thread(self._popen.wait, PATIENCE_S)

    def close(self) -> None:
        self._popen.kill()
        self._popen.wait()
        self._log.close()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Process]:
    process = Process(write_model(tmp_path / "model"), tmp_path / "cache")
    yield process
    process.close()


@contextlib.asynccontextmanager
async def client(process: Process) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=await process.url(), headers=HEADERS, trust_env=False, timeout=PATIENCE_S
    ) as http:
        yield http


async def test_events_begin_with_a_snapshot_and_are_numbered_without_gaps(runtime: Process) -> None:
    async with client(runtime) as http, aconnect_sse(http, "GET", "/events") as source:
        events = []
        async for sent in source.aiter_sse():
            events.append(parse_runtime_event(sent.data))
            if sum(event.type == "heartbeat" for event in events) == 2:
                break
    assert events[0].type == "snapshot"
    assert [event.seq for event in events] == list(range(events[0].seq, events[0].seq + len(events)))
    assert len({event.instance for event in events}) == 1


async def test_a_sigterm_ends_everything_within_three_seconds(runtime: Process) -> None:
    async with client(runtime) as http, aconnect_sse(http, "GET", "/events"):
        children = await runtime.children()
        started = time.monotonic()
        runtime.send(signal.SIGTERM)
        assert await runtime.exit_code() == 0
        assert time.monotonic() - started < 3.0 * SLOW
    assert children
    await asyncio.to_thread(until_gone, children)


async def test_a_killed_runtime_leaves_no_worker(runtime: Process) -> None:
    children = await runtime.children()
    assert children
    runtime.send(signal.SIGKILL)
    await runtime.exit_code()
    await asyncio.to_thread(until_gone, children)


async def test_a_port_that_is_taken_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = Process(
            write_model(tmp_path / "model"), tmp_path / "cache", "--runtime-port", str(taken.getsockname()[1])
        )
        try:
            assert await process.exit_code() == 2
            assert "--runtime-port" in process.log
            assert "Traceback" not in process.log
        finally:
            process.close()


async def test_the_models_output_is_in_the_log_with_the_session(tmp_path: Path) -> None:
    source = """
import logging
class Model(VideoModel):
    def __init__(self):
        print("from the model")
        logging.getLogger("mine").warning("a warning of the model")
    def start_session(self):
        pass
"""
    process = Process(write_model(tmp_path / "model", source), tmp_path / "cache")
    try:  # its pipes and its channel are read by different threads: no order between them
        await until(lambda: all(line in process.log for line in ("from the model", "a warning of the model")))
        records = [json.loads(line) for line in process.log.splitlines()]
    finally:
        process.close()
    said = {record["event"]: record for record in records if record.get("logger") == "model"}
    assert said["from the model"]["stream"] == "stdout"
    assert said["a warning of the model"]["level"] == "warning"


# --- routes, in this process --------------------------------------------------------------------------------------


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    async with running_core(write_model(tmp_path / "model"), tmp_path / "cache") as core:
        yield core


@pytest.fixture
async def http(core: Core) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(core.controller, EventHub(), SecretStr(KEY))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://runtime", headers=HEADERS
    ) as client:
        yield client


def session_body(session_id: str = "a") -> dict[str, Any]:
    return {
        "session_id": session_id,
        "transport": {"kind": "livekit", "ws_url": f"memory://{session_id}", "jwt_token": "t"},
    }


async def test_a_session_over_http(core: Core, http: httpx.AsyncClient) -> None:
    assert (await http.get("/session")).json() is None
    assert (await http.post("/prepare", json=session_body() | {"publish": True})).json() == {"session_id": "a"}
    answer = await http.post("/start_session", json=session_body())
    assert answer.json() == {"session_id": "a", "width": 832, "height": 480, "video_codec": "vp9"}
    info = (await http.get("/session")).json()
    assert (info["session_id"], info["state"]) == ("a", "active")
    busy = await http.post("/start_session", json=session_body("b"))
    assert (busy.status_code, busy.json()["code"]) == (409, "BUSY")
    assert (await http.post("/stop_session", json={"session_id": "a"})).json()["state"] == "stopping"


async def test_the_older_flat_form_starts_a_session_too(core: Core, http: httpx.AsyncClient) -> None:
    body = {"session_id": "a", "ws_url": "memory://a", "jwt_token": "t"}
    assert (await http.post("/start_session", json=body)).status_code == 200


async def test_what_can_be_read(core: Core, http: httpx.AsyncClient) -> None:
    assert (await http.get("/health")).json() == {"status": "ok"}
    assert (await http.get("/ready")).json()["state"] == "ready"
    assert set((await http.get("/capabilities")).json()["commands"]) == {"echo", "crash"}
    assert (await http.get("/manifest")).json()["model_name"] == "test"
    assert 'reactor_runtime_state{state="ready"} 1' in (await http.get("/metrics")).text


async def test_without_the_key_nothing_but_health_is_answered(http: httpx.AsyncClient) -> None:
    del http.headers["authorization"]
    for header in (b"", b"Bearer", b"Bearer wrong", f"bearer {KEY}".encode(), KEY.encode(), b"Bearer \xfc"):
        headers = {b"authorization": header}
        for path in ("/session", "/ready", "/events", "/metrics"):
            answer = await http.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
        assert (await http.get("/health", headers=headers)).status_code == 200
    assert (await http.get("/session")).status_code == 401


async def test_a_web_page_is_refused_whatever_it_bears(http: httpx.AsyncClient) -> None:
    assert (await http.get("/session", headers={"origin": "http://localhost:3000"})).status_code == 403


WRONG_BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"session_id": 3}',
    b'{"session_id": ""}',
    b'{"session_id":"a","x":1}',
)


async def test_a_wrong_body_is_a_problem_and_no_session(http: httpx.AsyncClient) -> None:
    for path in ("/prepare", "/start_session", "/stop_session"):
        for body in WRONG_BODIES:
            answer = await http.post(path, content=body)
            assert answer.status_code == 400
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "BAD_REQUEST"
    assert (await http.get("/session")).json() is None


async def test_a_token_never_comes_back_in_a_problem(http: httpx.AsyncClient) -> None:
    body = session_body() | {"join_timeout_s": "soon"}
    body["transport"]["jwt_token"] = "very-secret"
    answer = await http.post("/start_session", json=body)
    assert answer.status_code == 400
    assert "very-secret" not in answer.text


async def test_a_large_body_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/start_session", content=b" " * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_unknown_paths_and_methods_are_problems_too(http: httpx.AsyncClient) -> None:
    unknown, wrong = await http.get("/nothing"), await http.get("/start_session")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
    assert wrong.status_code == 405
    assert wrong.headers["content-type"] == "application/problem+json"


async def test_reloading_is_seen_as_loading_with_a_time_to_come_back(core: Core, http: httpx.AsyncClient) -> None:
    since = len(core.events)
    assert (await http.post("/reload")).json()["state"] == "loading"
    ready = await http.get("/ready")
    assert (ready.status_code, ready.json()["state"]) == (503, "loading")
    refused = await http.post("/start_session", json=session_body())
    assert (refused.status_code, refused.json()["code"]) == (503, "LOADING")
    assert int(refused.headers["retry-after"]) >= 1
    assert (await http.get("/capabilities")).status_code == 503
    await core.event("ready", since=since)
