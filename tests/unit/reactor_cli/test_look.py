import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from reactor_cli.look import Endpoints, get, look
from reactor_cli.status import StackStatus
from reactor_protocol.runtime import Download

_Answers = dict[str, tuple[int, object]]


@asynccontextmanager
async def _server(answers: _Answers, key: str = "") -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, body = answers[head.split()[1]]
        if key and f"Authorization: Bearer {key}" not in head:
            status, body = 401, {}
        writer.write(f"HTTP/1.1 {status} x\r\nConnection: close\r\n\r\n{json.dumps(body)}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _look(runtime: _Answers, coordinator: _Answers) -> StackStatus:
    async with AsyncExitStack() as stack:
        runtime_port = await stack.enter_async_context(_server(runtime, key="k"))
        coordinator_port = await stack.enter_async_context(_server(coordinator))
        return await look(Endpoints("127.0.0.1", coordinator_port, runtime_port, "k"))


_ACCEPTING: _Answers = {"/ready": (200, {"ready": True}), "/health": (200, {"queue_length": 2})}


async def test_a_ready_stack_accepts() -> None:
    status = await _look({"/ready": (200, {"state": "ready"})}, _ACCEPTING)
    assert status == StackStatus("ready", accepting=True, waiting=2)


async def test_a_loading_model_has_stage_and_progress() -> None:
    body = {"state": "loading", "stage": "init", "progress": 0.5}
    status = await _look({"/ready": (503, body)}, {"/ready": (503, {}), "/health": (200, {})})
    assert (status.phase, status.stage, status.progress, status.accepting) == ("loading", "init", 0.5, False)


async def test_a_load_error_has_file_and_line() -> None:
    body = {"state": "failed", "error": {"message": "no module named torch", "file": "/m/a.py", "line": 3}}
    status = await _look({"/ready": (503, body)}, {"/ready": (503, {}), "/health": (200, {})})
    assert status.error == "/m/a.py:3\nno module named torch"


async def test_nobody_there_is_starting() -> None:
    assert await look(Endpoints("127.0.0.1", 1, 1, "k")) == StackStatus()


async def test_an_answer_that_is_no_json_is_empty() -> None:
    async with _server({"/": (200, "text")}) as port:
        assert (await get("127.0.0.1", port, "/")).body == {}


async def test_a_download_is_read_whole() -> None:
    download = Download(
        folder="F", files=2, files_done=1, folders=1, folders_done=0, total_bytes=10, done_bytes=5, speed_bytes_s=1.0
    )
    body = {"state": "loading", "stage": "weights", "progress": 0.5, "download": download.model_dump()}
    status = await _look({"/ready": (503, body)}, {"/ready": (503, {}), "/health": (200, {})})
    assert status.download == download
