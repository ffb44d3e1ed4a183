"""What models written for the first runtime do, on a real stack: all of it works."""

import json
from pathlib import Path

import pytest

from reactor_cli.livekit_server import Endpoint
from reactor_client import ReactorClient
from support import pattern
from support.limits import PATIENCE_S
from support.stack import running_stack
from support.viewer import next_message, numbered

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

HEAD = """\
import threading, time
import numpy as np
from support import pattern
from reactor_runtime import VideoModel, command, get_ctx
from pydantic import Field

class M(VideoModel):
    def __init__(self, fps=20, size=(192, 320), **kwargs):
        super().__init__(**kwargs)
        self.fps, self.size, self.sessions = fps, size, 0
"""

NEVER_POLLS_AND_SLEEPS_IN_FINALLY = """
    def start_session(self):
        self.sessions += 1
        try:
            number = 0
            while True:
                try:
                    get_ctx().emit_block(pattern.draw(number, self.size[1], self.size[0]))
                except Exception:
                    pass
                number += 1
                time.sleep(1 / self.fps)
        finally:
            time.sleep(2)

    @command()
    def told(self):
        get_ctx().send({"type": "told", "data": {"sessions": self.sessions}})
"""

POLLS_THE_OLD_EVENT_AND_EMITS_FLOAT64_BLOCKS_BY_ITS_OWN_METHOD = """
    def start_session(self):
        self.sessions += 1
        number = 0
        while not get_ctx()._stop_evt.is_set():
            block = np.stack([pattern.draw(number + i, self.size[1], self.size[0]) for i in range(4)])
            self.emit_frame(block[0].astype(np.float64) / 255)
            get_ctx().get_track().emit(block[1:].astype(np.float64) / 255)
            number += 4
            time.sleep(4 / self.fps)

    @command()
    def told(self):
        get_ctx().send({"type": "told", "data": {"sessions": self.sessions}})
"""

RETURNS_AT_ONCE_AND_WORKS_IN_A_THREAD_WITH_64_PIXELS = """
    def start_session(self):
        self.sessions += 1
        ctx = get_ctx()
        ctx.enable_monitoring()
        self.worker = threading.Thread(target=self.work, args=(ctx,), daemon=True)
        self.worker.start()
        ctx.wait(30)

    def work(self, ctx):
        number = 0
        while not ctx.should_stop():
            ctx.emit_frame(pattern.draw(number, 64, 64))
            number += 1
            if ctx.wait(1 / self.fps):
                return

    @command()
    def told(self):
        get_ctx().send({"type": "told", "data": {"sessions": self.sessions}})
"""

MODELS = {
    "never polls, catches Exception, sleeps 2 s in finally": (NEVER_POLLS_AND_SLEEPS_IN_FINALLY, (320, 192)),
    "polls _stop_evt, emits float64 by self.emit_frame": (
        POLLS_THE_OLD_EVENT_AND_EMITS_FLOAT64_BLOCKS_BY_ITS_OWN_METHOD,
        (320, 192),
    ),
    "emits 64x64 from a thread": (RETURNS_AT_ONCE_AND_WORKS_IN_A_THREAD_WITH_64_PIXELS, (64, 64)),
}


def write(folder: Path, body: str) -> Path:
    (folder / "model_old.py").write_text(HEAD + body)
    (folder / "requirements.txt").write_text("reactor-runtime\nnumpy\n")
    manifest = {
        "reactor-runtime": "0.0.4",
        "class": "model_old:M",
        "model_name": "old",
        "model_version": "0.1.0",
        "args": {"fps": 20, "size": [192, 320]},
        "weights": [],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize("name", MODELS)
async def test_an_old_model_serves_two_sessions_with_right_pictures(
    name: str, tmp_path: Path, livekit_server: Endpoint
) -> None:
    body, size = MODELS[name]
    async with running_stack(write(tmp_path, body), livekit=livekit_server) as stack:
        client = ReactorClient(stack.url)
        for session in (1, 2):
            await client.connect(PATIENCE_S)
            pictures = await numbered(client.frames(), 15)
            assert {(frame.width, frame.height) for _, frame in pictures[5:]} == {size}
            assert pattern.read(pictures[-1][1].pixels).colours_right
            await client.send_command("told")
            assert await next_message(client.messages(), "told") == {"sessions": session}
            await client.disconnect()


async def test_a_model_whose_start_session_returns_at_once_finishes_and_the_next_is_served(
    tmp_path: Path, livekit_server: Endpoint
) -> None:
    body = """
    def start_session(self):
        self.sessions += 1
        get_ctx().send({"type": "told", "data": {"sessions": self.sessions}})
"""
    async with running_stack(write(tmp_path, body), livekit=livekit_server) as stack:
        for session in (1, 2):
            client = ReactorClient(stack.url)
            try:
                await client.connect(PATIENCE_S)
                assert await next_message(client.messages(), "told") == {"sessions": session}
                async for _ in client.frames():
                    pass
            finally:
                await client.disconnect()
            assert client.session_end is not None
            assert client.session_end.reason == "model_finished"
