"""The model worker: loads the model, then serves one session after the other until told to end."""

import contextlib
import faulthandler
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path

from reactor_runtime import context
from reactor_runtime.arguments import prepare_commands
from reactor_runtime.capabilities import describe
from reactor_runtime.errors import CommandDefinitionError, LoadError, ModelLoadError, SessionStopped, WeightsError
from reactor_runtime.loader import enter_folder, load_class, make_model
from reactor_runtime.manifest import load_manifest
from reactor_runtime.model import VideoModel
from reactor_runtime.worker import logs, messages
from reactor_runtime.worker.callbacks import CameraFrame
from reactor_runtime.worker.channel import ChannelClosedError, worker_end
from reactor_runtime.worker.output import Ring, send_quietly
from reactor_runtime.worker.ring import SharedRing
from reactor_runtime.worker.session import ModelHost, Session
from reactor_runtime.worker.traces import traceback_text

_SWITCH_INTERVAL_S = 0.0005  # a busy model's thread lets commands and frames pass sooner than Python's 5 ms
_LAST_WILL_S = 1.0  # for exit handlers and the model's lasting threads once the process is to end
_ORPHAN_S = 5.0  # for the model to end its session when the runtime server is gone


class Worker:
    """The process: `run` on the main thread, a reader thread for the channel beside it."""

    def __init__(self, channel_fd: int, folder: Path) -> None:
        os.set_inheritable(channel_fd, False)
        self._socket = socket.socket(fileno=channel_fd)
        self._channel = worker_end(self._socket)
        self._folder = folder
        self._starts: queue.Queue[Session | None] = queue.Queue(maxsize=4)  # one session at a time, and the end
        self._changed = threading.Condition()
        self._ring = Ring(self._channel, self._changed)
        self._session: Session | None = None
        self._host: ModelHost | None = None
        self._input: dict[int, SharedRing] = {}
        self._ending = False
        self._log = logs.install(self._channel)
        os.register_at_fork(after_in_child=self._forked)

    def run(self) -> int:
        """Load and serve; returns the exit status."""
        threading.Thread(target=self._read, name="reactor-channel", daemon=True).start()
        try:
            self._load()
        except LoadError as error:
            # Without a cause it is our own finding, and its text says all.
            trace = traceback_text(error.__cause__) if error.__cause__ is not None else ""
            file = str(error.file) if error.file else None
            send_quietly(self._channel, messages.LoadFailed(error.message, file, error.line, trace))
            return 1
        except WeightsError as error:
            send_quietly(self._channel, messages.LoadFailed(str(error), None, None, "", passing=True))
            return 1
        context.keep_threads()
        while (session := self._starts.get()) is not None:
            self._log.session_id = session.id
            over = session.run()
            self._log.session_id = None
            self._session = None
            send_quietly(self._channel, over)
        return 0

    def _load(self) -> None:
        manifest = load_manifest(self._folder)
        if manifest.weights:
            from reactor_runtime.worker.download import fetch_weights  # noqa: PLC0415 - only models with weights pay

            fetch_weights(manifest.weights, self._channel)
        send_quietly(self._channel, messages.LoadProgress("import"))
        enter_folder(self._folder)
        cls = load_class(self._folder, manifest)
        try:
            commands = prepare_commands(cls)
            capabilities = describe(commands, manifest).model_dump_json(by_alias=True).encode()
        except CommandDefinitionError as error:
            raise ModelLoadError(str(error)) from error
        send_quietly(self._channel, messages.LoadProgress("init"))
        model = make_model(cls, self._folder, manifest.args)
        self._host = ModelHost(model, commands, self._channel, self._ring, self._changed)
        takes_camera = cls.on_frame is not VideoModel.on_frame
        send_quietly(self._channel, messages.Loaded(capabilities, takes_camera))

    def _read(self) -> None:
        try:
            while True:
                self._dispatch(*self._channel.receive())
        except ChannelClosedError:
            self._abandon()
        except BaseException:  # noqa: BLE001 - without this thread the process would never hear of anything again
            traceback.print_exc()
            os._exit(1)

    def _dispatch(self, message: messages.ToWorker, fd: int | None) -> None:  # noqa: C901 - one case a message
        match message:
            case messages.FrameDone():
                self._frame_done(message)
            case messages.RunCommand():
                if session := self._serving(message.session_id):
                    session.commands.put(message)
            case messages.InputFrame():
                self._camera(message)
            case messages.MessageDone():
                if session := self._serving(message.session_id):
                    session.message_done(message)
            case messages.StopSession():
                if session := self._serving(message.session_id):
                    session.stop(message.grace_s)
            case messages.StartSession():
                self._start(message)
            case messages.InputRing():
                self._input_ring(message, fd)
            case messages.Ping():
                send_quietly(self._channel, messages.Pong(message.number))
            case messages.Shutdown():
                self._ending = True
                self._starts.put(None)

    def _serving(self, session_id: str) -> Session | None:
        session = self._session
        return session if session is not None and session.id == session_id else None

    def _start(self, message: messages.StartSession) -> None:
        assert self._host is not None  # noqa: S101 - sessions are started once `Loaded` was sent
        session = Session(message, self._host)
        self._session = session
        self._starts.put(session)

    def _frame_done(self, message: messages.FrameDone) -> None:
        with self._changed:
            self._ring.give_back(message.generation, message.slot)
            self._changed.notify_all()
        if session := self._serving(message.session_id):
            session.frame_done(message)

    def _input_ring(self, message: messages.InputRing, fd: int | None) -> None:
        assert fd is not None  # noqa: S101 - the channel pairs them
        ring = SharedRing(fd, message.slots, message.slot_bytes)
        ring.close()
        self._input = {message.generation: ring}

    def _camera(self, message: messages.InputFrame) -> None:
        def release() -> None:
            send_quietly(self._channel, messages.InputFrameDone(message.generation, message.slot))

        ring = self._input.get(message.generation)
        session = self._serving(message.session_id)
        if ring is None or session is None:
            release()
            return
        session.camera.put(CameraFrame(message, ring.slot(message.slot), release))

    def _abandon(self) -> None:
        """The runtime server is gone: end the session, then the process, whatever the model does."""
        if self._ending:
            return
        if session := self._session:
            session.stop(0.0)
            session.ended.wait(_ORPHAN_S)
        os._exit(1)

    def _forked(self) -> None:
        """In a child that the model forked: session and channel are the parent's."""
        context.leave()
        self._socket.close()
        logs.detach(self._log)


def main(channel_fd: int, folder: Path) -> int:
    """The worker's life, from a process that has its lifeline already."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    threading.excepthook = _thread_failed
    status = Worker(channel_fd, folder.resolve()).run()
    will = threading.Timer(_LAST_WILL_S, os._exit, (status,))
    will.daemon = True
    will.start()
    return status


def _thread_failed(args: threading.ExceptHookArgs) -> None:
    """A model's own thread ended with an exception; the end of its session is none worth telling."""
    if not issubclass(args.exc_type, SessionStopped):
        threading.__excepthook__(args)
