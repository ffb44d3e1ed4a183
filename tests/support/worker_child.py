"""A real model worker process at the end of a real control channel, with a model written for the test."""

import json
import os
import queue
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from reactor_runtime.media.frame import USUAL_AHEAD
from reactor_runtime.worker.channel import ChannelClosedError, runtime_end
from reactor_runtime.worker.messages import (
    CommandFailed,
    Frame,
    FrameDone,
    FromWorker,
    InputFrame,
    InputRing,
    Loaded,
    LoadFailed,
    MessageDone,
    ModelMessage,
    OutputRing,
    RunCommand,
    SessionOver,
    Shutdown,
    StartSession,
    StopSession,
    ToWorker,
)
from reactor_runtime.worker.ring import SharedRing
from support.limits import PATIENCE_S
from support.manifests import write_manifest

PREAMBLE = """
import asyncio, logging, os, sys, threading, time
import numpy as np
import pytest
from reactor_runtime import SessionStopped, VideoModel, command, get_ctx
"""

EMITS_FOR_EVER = """
class M(VideoModel):
    def start_session(self):
        while True:
            self.emit_frame(np.zeros((48, 64, 3), np.uint8))
"""

Kind = TypeVar("Kind", bound=FromWorker)
Start = Callable[..., "WorkerChild"]
"""Writes a model, loads it, begins session `s1`: the fixture `start`."""


def write_model(folder: Path, source: str, **manifest: Any) -> Path:
    """A model folder: `source` defines the class `M`; common imports are there."""
    (folder / "model_m.py").write_text(PREAMBLE + textwrap.dedent(source), "utf-8")
    return write_manifest(folder, "model_m:M", **manifest)


class WorkerChild:
    """The process. Frames and messages are answered at once unless `answers` is False."""

    def __init__(self, folder: Path) -> None:
        self.answers = True
        self.ahead = USUAL_AHEAD
        self.frames: list[Frame] = []
        self.pictures: list[NDArray[np.uint8]] = []
        self._rings: dict[int, SharedRing] = {}
        self._input: SharedRing | None = None
        self._received: queue.Queue[FromWorker] = queue.Queue(maxsize=100_000)
        mine, theirs = socket.socketpair()
        lifeline_read, self._lifeline = os.pipe()
        self._log = (folder / "out.txt").open("w+b")
        fds = (theirs.fileno(), lifeline_read)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "reactor_runtime.worker", *map(str, fds), str(folder)],
            pass_fds=fds,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        theirs.close()
        os.close(lifeline_read)
        self.channel = runtime_end(mine)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._lifeline)  # the guard kills the whole group
        self.process.wait(PATIENCE_S)
        self.channel.close()
        self._reader.join(PATIENCE_S)
        self._log.close()

    def output(self) -> str:
        """What the process printed."""
        self._log.flush()
        return Path(self._log.name).read_text("utf-8", "replace")

    def send(self, message: ToWorker) -> None:
        self.channel.send(message)

    def wait_for(self, kind: type[Kind], where: Callable[[Kind], bool] = lambda _: True) -> Kind:
        """The next message of that kind; those before it are passed over."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            left_s = deadline_s - time.monotonic()
            try:
                message = self._received.get(timeout=max(0.01, left_s))
            except queue.Empty:
                pytest.fail(f"no {kind.__name__}; the process printed:\n{self.output()}")
            if isinstance(message, kind) and where(message):
                return message
            if isinstance(message, LoadFailed):
                pytest.fail(f"load failed: {message.message}\n{message.traceback}")

    def load(self) -> Loaded:
        return self.wait_for(Loaded)

    def start(self, session_id: str = "s1", width: int = 64, height: int = 48) -> None:
        self.send(StartSession(session_id, width, height))

    def stop(self, session_id: str = "s1", grace_s: float = 2.0) -> SessionOver:
        self.send(StopSession(session_id, grace_s))
        return self.over(session_id)

    def over(self, session_id: str = "s1") -> SessionOver:
        return self.wait_for(SessionOver, lambda over: over.session_id == session_id)

    def command(self, name: str, session_id: str = "s1", **data: Any) -> None:
        self.send(RunCommand(session_id, name, json.dumps(data).encode()))

    def message(self) -> Any:
        """What the model sent next."""
        return json.loads(self.wait_for(ModelMessage).data)

    def said(self, count: int) -> list[Any]:
        """The next `count` things the model sent."""
        return [self.message() for _ in range(count)]

    def command_error(self) -> Any:
        return json.loads(self.wait_for(CommandFailed).error)

    def picture(self) -> NDArray[np.uint8]:
        """The next frame's picture."""
        self.wait_for(Frame)
        return self.pictures.pop(0)

    def camera(self, picture: NDArray[np.uint8], rotation: Any = 0, slot: int = 0) -> None:
        """Send a camera picture; the ring has three slots of 64 KiB."""
        if self._input is None:
            self._input = SharedRing.create(3, 65536)
            self.channel.send(InputRing(1, 3, 65536), self._input.fd)
        self._input.slot(slot)[: picture.size] = picture.reshape(-1)
        height, width = picture.shape[:2]
        self.send(InputFrame("s1", 1, slot, width, height, rotation))

    def answer(self, frame: Frame) -> None:
        self.send(FrameDone(frame.session_id, frame.generation, frame.slot, self.ahead))

    def shutdown(self) -> int:
        self.send(Shutdown())
        return self.process.wait(PATIENCE_S)

    def _read(self) -> None:
        try:
            while True:
                message, fd = self.channel.receive()
                if isinstance(message, OutputRing) and fd is not None:
                    self._rings[message.generation] = SharedRing(fd, message.slots, message.slot_bytes)
                    self._rings[message.generation].close()
                if isinstance(message, Frame):
                    self._take(message)
                if isinstance(message, ModelMessage) and self.answers:
                    self.send(MessageDone(message.session_id, len(message.data)))
                self._received.put(message)
        except ChannelClosedError:
            return

    def _take(self, frame: Frame) -> None:
        self.frames.append(frame)
        if len(self.pictures) < 200:  # a model that never stops would fill the memory
            bytes_ = self._rings[frame.generation].slot(frame.slot)[: frame.width * frame.height * 3]
            self.pictures.append(bytes_.reshape(frame.height, frame.width, 3).copy())
        if self.answers:
            self.answer(frame)
