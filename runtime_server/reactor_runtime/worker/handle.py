"""One worker process as its parent holds it: its channel, its frames, its output, its end."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from reactor_runtime.media.frame import USUAL_AHEAD, OutputFrame
from reactor_runtime.worker import leftovers
from reactor_runtime.worker.channel import ChannelClosedError, DescriptorLostError, runtime_end
from reactor_runtime.worker.lines import LinePump
from reactor_runtime.worker.messages import Frame, FrameDone, FromWorker, LogRecord, OutputRing, ToWorker
from reactor_runtime.worker.outbox import WorkerOutbox
from reactor_runtime.worker.ring import SharedRing
from reactor_runtime.worker.spawn import Spawned

_log = structlog.get_logger(__name__)

_MODEL = "model"  # marks what the model itself says
_DRAIN_S = 1.0  # what a dead worker wrote last is in its pipes already


class WorkerEvents(Protocol):
    """What a handle tells its owner."""

    def message(self, message: FromWorker) -> None:
        """A message other than frames and log records came; on the event loop."""
        ...

    def frame(self, frame: Frame, picture: OutputFrame) -> None:
        """A model frame came; on the handle's thread. Somebody must release the picture."""
        ...

    def exited(self, returncode: int) -> None:
        """The process is gone, and its group with it; on the event loop, after its last message."""
        ...


class WorkerHandle:
    """A worker process that `kill` or its own exit ends.

    Args:
        spawned: the process, in nobody else's hands.
        events: who is told.
    """

    def __init__(self, spawned: Spawned, events: WorkerEvents) -> None:
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._rings: dict[int, SharedRing] = {}
        self._reaped = threading.Lock()
        self.session_id: str | None = None
        """Whose output the log lines are."""
        self.fault: str | None = None
        """Why the handle itself has ended the process, in words that follow "the model's process"."""
        self._process, self._lifeline, self._mark = spawned.process, spawned.lifeline, spawned.mark
        assert self._process.stdout is not None  # noqa: S101 - pipes were asked for
        assert self._process.stderr is not None  # noqa: S101
        self._lines = LinePump({"stdout": self._process.stdout, "stderr": self._process.stderr}, self)
        self._channel = runtime_end(spawned.channel)
        self._outbox = WorkerOutbox(self._channel)
        self._reader = threading.Thread(target=self._read, name="worker-receive", daemon=True)
        self._waiter = threading.Thread(target=self._wait, name="worker-wait", daemon=True)
        self._reader.start()
        self._waiter.start()

    @property
    def pid(self) -> int:
        """The process's id, which is its group's too."""
        return self._process.pid

    def send(self, message: ToWorker, fd: int | None = None) -> bool:
        """Queue a message; see `WorkerOutbox.put`."""
        return self._outbox.put(message, fd)

    def dump_stacks(self) -> None:
        """Have the stacks of all the worker's threads written to its stderr, and so to the log."""
        self._signal(lambda: os.kill(self.pid, signal.SIGUSR1))

    def kill(self) -> None:
        """End the process and all it has forked, now."""
        self._signal(lambda: os.killpg(self.pid, signal.SIGKILL))

    def line(self, stream: str, text: str) -> None:
        """See `LineTaker`."""
        _log.info(text, logger=_MODEL, stream=stream, session_id=self.session_id)

    def left_out(self, stream: str, lines: int, size_bytes: int) -> None:
        """See `LineTaker`."""
        _log.warning(
            f"the model prints faster than is logged: {lines:,} lines ({size_bytes:,} bytes) before this are left out",
            logger=_MODEL,
            stream=stream,
            session_id=self.session_id,
        )

    def _signal(self, send: Callable[[], None]) -> None:
        with self._reaped:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    send()

    def _wait(self) -> None:
        """Wait for the process, then for what it left behind."""
        if hasattr(os, "waitid"):  # its id stays taken until the group is dead, so that no stranger is killed
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with self._reaped:
            returncode = self._process.wait()
        self._end_leftovers()
        os.close(self._lifeline)
        self._reader.join(_DRAIN_S)
        self._channel.close()
        self._reader.join()
        self._outbox.close()
        self._lines.close(_DRAIN_S)
        for ring in self._rings.values():
            ring.close()
        self._rings.clear()  # not when the collector comes by: it may be half a gigabyte
        self._tell(lambda: self._events.exited(returncode))

    def _end_leftovers(self) -> None:
        try:
            ended = leftovers.end_marked(self._mark, killed_group=self.pid)
        except OSError as error:
            _log.warning("can't look for processes that the model left behind", cause=str(error))
            return
        if ended:
            _log.warning("processes that the model had started and left behind were ended", pids=ended)

    def _tell(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(callback)

    def _read(self) -> None:
        try:
            while True:
                message, fd = self._channel.receive()
                self._handle(message, fd)
        except ChannelClosedError:
            return
        except DescriptorLostError:
            self.fault = "was ended: the runtime may open no more files to share memory with it (raise `ulimit -n`)"
            self.kill()
        except (msgspec.MsgspecError, ValueError, LookupError, OSError):
            _log.exception("the worker sent what isn't a message; ending it")
            self.fault = "was ended: it sent what isn't a message; did the model write to a foreign descriptor?"
            self.kill()

    def _handle(self, message: FromWorker, fd: int | None) -> None:
        if isinstance(message, Frame):
            self._events.frame(message, self._picture(message))
        elif isinstance(message, OutputRing):
            self._map(message, fd)
        elif isinstance(message, LogRecord):
            self._record(message)
        else:
            self._tell(lambda: self._events.message(message))

    def _map(self, message: OutputRing, fd: int | None) -> None:
        if fd is None:
            raise ValueError("a ring without its memory")
        for ring in self._rings.values():
            ring.close()  # pictures that are still out keep their memory
        self._rings = {message.generation: SharedRing(fd, message.slots, message.slot_bytes)}

    def _picture(self, frame: Frame) -> OutputFrame:
        slot = self._rings[frame.generation].slot(frame.slot)
        size = frame.width * frame.height * 3
        if not 0 < size <= slot.nbytes:
            raise ValueError(f"a frame of {frame.width}x{frame.height} in a slot of {slot.nbytes} bytes")
        return OutputFrame(
            pixels=slot.data[:size],
            width=frame.width,
            height=frame.height,
            number=frame.number,
            emitted_at_s=frame.emitted_at_s,
            work_s=frame.work_s,
            block_index=frame.block_index,
            block_size=frame.block_size,
            release=lambda ahead=USUAL_AHEAD, begin_at_s=0.0: self._release(frame, ahead, begin_at_s),
        )

    def _release(self, frame: Frame, ahead: int, begin_at_s: float) -> None:
        self._outbox.put(FrameDone(frame.session_id, frame.generation, frame.slot, ahead, begin_at_s))

    def _record(self, record: LogRecord) -> None:
        level = record.level.lower()
        log = getattr(_log, level if level in {"debug", "warning", "error", "critical"} else "info")
        details = {"traceback": record.traceback} if record.traceback else {}
        log(record.message, logger=_MODEL, source=record.logger, session_id=record.session_id, **details)
