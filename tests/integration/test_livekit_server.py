"""The LiveKit launcher with the real server."""

import asyncio
import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from livekit import api, rtc

from reactor_cli.livekit_server import (
    Endpoint,
    ExternalLiveKit,
    LiveKitNotFoundError,
    LiveKitPortTakenError,
    LiveKitServer,
    LiveKitSettings,
    LiveKitStartFailedError,
    Status,
)
from reactor_cli.livekit_server.binary import cached_path, candidates
from reactor_cli.livekit_server.settings import default_cache_dir
from support.limits import PATIENCE_S, SLOW
from support.ports import free_ports

ANY = LiveKitSettings(port=0, tcp_port=0, udp_port=0)

PARENT = """
import asyncio, sys
from reactor_cli.livekit_server import LiveKitServer, LiveKitSettings

async def main():
    server = LiveKitServer(LiveKitSettings(port=0, tcp_port=0, udp_port=0))
    endpoint = await server.start()
    print(server.pid, endpoint.url, flush=True)
    await asyncio.sleep(300)

asyncio.run(main())
"""


def port_of(endpoint: Endpoint) -> int:
    return int(endpoint.url.rsplit(":", 1)[1])


def token(endpoint: Endpoint, room: str) -> str:
    grants = api.VideoGrants(room_join=True, room=room, can_publish=True)
    return api.AccessToken(endpoint.api_key, endpoint.api_secret).with_identity("me").with_grants(grants).to_jwt()


def group_is_gone(pgid: int) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            os.killpg(pgid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def listening(kind: socket.SocketKind) -> Iterator[int]:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        yield taken.getsockname()[1]


async def test_it_starts_with_a_new_key_each_time_and_takes_only_that() -> None:
    async with LiveKitServer(ANY) as first, LiveKitServer(ANY) as second:
        assert (first.api_key, first.api_secret) != (second.api_key, second.api_secret)
        async with api.LiveKitAPI(first.url, first.api_key, first.api_secret) as rooms:
            assert (await rooms.room.list_rooms(api.ListRoomsRequest())).rooms == []
        async with api.LiveKitAPI(first.url, second.api_key, second.api_secret) as rooms:
            with pytest.raises(api.TwirpError):
                await rooms.room.list_rooms(api.ListRoomsRequest())


async def test_a_given_key_is_kept() -> None:
    settings = LiveKitSettings(port=0, tcp_port=0, udp_port=0, api_key="given", api_secret="s" * 40)
    async with LiveKitServer(settings) as endpoint:
        assert (endpoint.api_key, endpoint.api_secret) == ("given", "s" * 40)


async def test_it_listens_on_loopback_only_but_for_media_over_tcp() -> None:
    server = LiveKitServer(ANY)
    endpoint = await server.start()
    try:
        bound = psutil.Process(server.pid).net_connections("inet")
        public = {c.laddr.port for c in bound if not c.raddr and not c.laddr.ip.startswith("127.")}
        assert len(public) == 1
        assert port_of(endpoint) not in public
    finally:
        await server.stop()


async def test_the_status_tells_what_happens() -> None:
    said: list[Status] = []
    server = LiveKitServer(ANY, said.append)
    endpoint = await server.start()
    await server.stop()
    assert [status.stage for status in said] == ["starting", "ready"]
    assert endpoint.url in said[-1].message


async def test_an_external_server_is_used_as_it_is() -> None:
    given = ExternalLiveKit("wss://sfu.example", "key", "secret")
    server = LiveKitServer(LiveKitSettings(external=given))
    assert await server.start() == Endpoint("wss://sfu.example", "key", "secret")
    assert server.pid is None
    await server.stop()


async def test_it_ends_within_two_seconds_with_a_participant_inside() -> None:
    server = LiveKitServer(ANY)
    endpoint = await server.start()
    pid = server.pid
    assert pid is not None
    async with api.LiveKitAPI(endpoint.url, endpoint.api_key, endpoint.api_secret) as rooms:
        await rooms.room.create_room(api.CreateRoomRequest(name="r"))
    room = rtc.Room()
    await room.connect(endpoint.url, token(endpoint, "r"))
    begun = time.monotonic()
    await server.stop()
    took_s = time.monotonic() - begun
    await room.disconnect()
    assert took_s < 2 * SLOW
    assert group_is_gone(pid)


async def test_a_token_alone_does_not_make_a_room(livekit_server: Endpoint) -> None:
    room = rtc.Room()
    with pytest.raises(rtc.ConnectError):
        await room.connect(livekit_server.url, token(livekit_server, "nowhere"))


def test_it_dies_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, _url = parent.stdout.readline().split()
        parent.kill()
    assert group_is_gone(int(pid))


async def test_its_own_end_is_told_with_its_exit_code() -> None:
    server = LiveKitServer(ANY)
    await server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await asyncio.wait_for(server.wait(), PATIENCE_S) == -signal.SIGKILL
    await server.stop()


@pytest.mark.parametrize(
    ("kind", "field", "flag"),
    [
        (socket.SOCK_STREAM, "port", "--livekit-port"),
        (socket.SOCK_STREAM, "tcp_port", "--media-tcp-port"),
        (socket.SOCK_DGRAM, "udp_port", "--media-udp-port"),
    ],
)
async def test_a_port_that_is_taken_is_told_with_the_process_and_the_flag(
    kind: socket.SocketKind, field: str, flag: str
) -> None:
    with listening(kind) as taken:
        changed: dict[str, Any] = {field: taken}
        with pytest.raises(LiveKitPortTakenError) as caught:
            await LiveKitServer(dataclasses.replace(ANY, **changed)).start()
    said = caught.value.message
    assert f"port {taken}" in said
    assert f"pid {os.getpid()}" in said
    assert flag in said


async def test_another_livekit_on_the_port_is_recognised(livekit_server: Endpoint) -> None:
    with pytest.raises(LiveKitPortTakenError, match="another LiveKit server"):
        await LiveKitServer(LiveKitSettings(port=port_of(livekit_server), tcp_port=0, udp_port=0)).start()


def installed(cache_dir: Path, script: str, ready_timeout_s: float = PATIENCE_S) -> LiveKitSettings:
    path = cached_path(cache_dir)
    path.parent.mkdir(parents=True)
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo livekit-server version 1.13.5 && exit\n{script}\n')
    path.chmod(0o755)
    return dataclasses.replace(ANY, cache_dir=cache_dir, sources=("binary",), ready_timeout_s=ready_timeout_s)


async def test_a_server_that_ends_while_starting_is_shown_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(LiveKitStartFailedError) as caught:
        await LiveKitServer(installed(tmp_path, "echo no such codec; exit 7")).start()
    assert "exit code 7" in caught.value.message
    assert "no such codec" in caught.value.message
    assert str(tmp_path / "logs") in caught.value.message


async def test_a_server_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    settings = installed(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 300", ready_timeout_s=5)
    signalling, tcp, udp = free_ports(3)  # with ports of its own choice it would try others as well
    with pytest.raises(LiveKitStartFailedError, match="no answer within 5 s"):
        await LiveKitServer(dataclasses.replace(settings, port=signalling, tcp_port=tcp, udp_port=udp)).start()
    assert group_is_gone(int((tmp_path / "pid").read_text()))


async def test_a_start_that_is_cancelled_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    server = LiveKitServer(installed(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 300"))
    starting = asyncio.create_task(server.start())
    async with asyncio.timeout(PATIENCE_S):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert group_is_gone(int((tmp_path / "pid").read_text()))


async def test_without_a_program_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(LiveKitNotFoundError, match="Do one of these"):
        await LiveKitServer(LiveKitSettings(cache_dir=tmp_path, sources=("binary",))).start()


async def test_variables_meant_for_others_do_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_KEYS", "devkey: secret")
    monkeypatch.setenv("LIVEKIT_CONFIG", "nonsense: true")
    monkeypatch.setenv("UDP_PORT", "nonsense")
    async with LiveKitServer(ANY) as endpoint, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(endpoint.url.replace("ws", "http", 1))).status_code == 200


async def test_its_secret_is_in_no_file_argument_or_variable(tmp_path: Path) -> None:
    cached_path(tmp_path).parent.mkdir()
    cached_path(tmp_path).symlink_to(candidates(default_cache_dir())[0])
    server = LiveKitServer(dataclasses.replace(ANY, cache_dir=tmp_path))
    endpoint = await server.start()
    process = psutil.Process(server.pid)
    seen = [*process.cmdline(), *process.environ().values()]
    await server.stop()
    seen += [path.read_text() for path in (tmp_path / "logs").iterdir()]
    assert seen
    assert not [text for text in seen if endpoint.api_secret in text]


async def test_one_that_ended_by_itself_is_started_again() -> None:
    server = LiveKitServer(ANY)
    await server.start()
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await asyncio.wait_for(server.wait(), PATIENCE_S)
    await server.start()
    assert server.pid not in {None, first}
    await server.stop()
    assert group_is_gone(first)
