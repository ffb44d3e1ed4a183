"""Does what no model should, as soon as it is told to: `misbehave` names one of its misdeeds."""

import ctypes
import math
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reactor_runtime import VideoModel, command, get_ctx
from support import pattern

WIDTH, HEIGHT = 320, 192
SIZES = ((320, 192), (640, 384), (176, 144), (480, 272))
LIMIT_BYTES = 512 * 1024 * 1024


def frames() -> dict[str, Any]:
    """What isn't a frame."""
    return {
        "flat": np.zeros((HEIGHT, WIDTH), np.uint8),
        "grey": np.zeros((HEIGHT, WIDTH, 1), np.uint8),
        "alpha": np.zeros((HEIGHT, WIDTH, 4), np.uint8),
        "channels first": np.zeros((3, HEIGHT, WIDTH), np.uint8),
        "empty": np.zeros((0, WIDTH, 3), np.uint8),
        "int32": np.zeros((HEIGHT, WIDTH, 3), np.int32),
        "complex": np.zeros((HEIGHT, WIDTH, 3), np.complex64),
        "objects": np.zeros((HEIGHT, WIDTH, 3), object),
        "list": [np.zeros((HEIGHT, WIDTH, 3), np.uint8)],
        "text": "a frame",
        "huge": np.broadcast_to(np.uint8(0), (20_000, 20_000, 3)),
    }


class Rascal(VideoModel):
    def __init__(self, fps: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fps = fps
        self.sessions = 0
        self.first = 0
        self.met: list[str] = []
        self.camera = "good"
        self.seen: list[int] = []

    def start_session(self) -> None:
        self.sessions += 1
        self.first = self.number = self.sessions * 10_000  # whose picture it is can be seen
        self.deed: Callable[[], None] | None = None
        self.doing = ""
        self.size, self.change = (WIDTH, HEIGHT), 0.0
        self.as_float = False
        self.camera, self.seen = "good", []
        self.ends_at_s = math.inf
        while self.deed != self.finish and time.monotonic() < self.ends_at_s:
            deed, self.deed = self.deed, None
            if deed is not None:
                self.doing = deed.__name__
                deed()
            self.show()
            time.sleep(1 / self.fps)

    def show(self) -> None:
        if self.change:
            self.size = SIZES[int(time.monotonic() / self.change) % len(SIZES)]
        get_ctx().emit_frame(self.draw())

    def draw(self) -> NDArray[Any]:
        self.number += 1
        picture = pattern.draw(self.number, *self.size)
        if not self.as_float:
            return picture
        floats: NDArray[Any] = picture.astype(np.float32) / 255
        floats[: floats.shape[0] // 8] = np.nan
        floats[-floats.shape[0] // 8 :] = np.inf
        return floats

    def on_frame(self, frame: NDArray[np.uint8]) -> None:
        number = pattern.read(frame).number
        if number is not None:
            self.seen.append(number)
        if self.camera == "slow":
            time.sleep(0.4)
        if self.camera == "raise":
            raise ValueError("on_frame doesn't like this picture")

    @command("misbehave", description="Do it.")
    def misbehave(self, deed: str) -> None:
        self.deed = getattr(self, deed)

    @command("emit", description="Emit what isn't a frame.")
    def emit(self, what: str) -> None:
        self.deed = lambda: get_ctx().emit_frame(frames()[what])

    @command("tell", description="Tell about this instance.")
    def tell(self) -> None:
        data = {"pid": os.getpid(), "sessions": self.sessions, "first": self.first, "number": self.number}
        get_ctx().send({"type": "instance", "data": data | {"met": self.met, "seen": self.seen, "doing": self.doing}})

    @command("resize", description="Emit this size from now on.")
    def resize(self, width: int, height: int) -> None:
        self.size = (width, height)

    @command("watch", description="How on_frame behaves.")
    def watch(self, how: str) -> None:
        self.camera = how

    # --- handlers ---

    @command("fail", description="Raise in the handler.")
    def fail(self) -> None:
        raise RuntimeError("the handler fell over")

    @command("linger", description="Take so long in the handler, and maybe let start_session end meanwhile.")
    def linger(self, seconds: float = 600, finish: bool = False) -> None:
        get_ctx().send({"type": "lingering", "data": {}})
        if finish:
            self.ends_at_s = time.monotonic()
        time.sleep(seconds)

    # --- misdeeds, on the main thread ---

    def finish(self) -> None:
        """Return."""

    def raises(self) -> None:
        raise ValueError("the model is out of ideas")

    def exits(self) -> None:
        sys.exit(3)

    def segfaults(self) -> None:
        ctypes.string_at(0)

    def killed(self) -> None:
        """What the system does to who takes the last memory."""
        os.kill(os.getpid(), signal.SIGKILL)

    def allocates(self) -> None:
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()  # noqa: SIM115, PTH123
        resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT_BYTES, resource.RLIM_INFINITY))
        held = []
        while True:
            held.append(bytearray(64 * 1024))

    def deadlocks(self) -> None:
        lock = threading.Lock()
        with lock, lock:
            pass

    def ignores(self) -> None:
        while True:
            try:
                get_ctx().emit_frame(self.draw())
                time.sleep(0.05)
            except BaseException:  # noqa: BLE001, S110 - that is the misdeed
                pass

    def forks(self) -> None:
        child = os.fork()
        if child == 0:
            time.sleep(600)
            os._exit(0)
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        alone = subprocess.Popen(["sleep", "600"], start_new_session=True)  # noqa: S607
        get_ctx().send({"type": "children", "data": [child, other.pid, alone.pid]})

    def changes_size(self) -> None:
        self.change = 1.0

    def floats(self) -> None:
        self.as_float = True

    def leaves_threads(self) -> None:
        old, fps, size = get_ctx(), self.fps, self.size

        def haunt(emit: Callable[[Any], None]) -> None:
            for number in range(int(20 * fps)):
                try:
                    emit(pattern.draw(number, *size))
                except BaseException as error:  # noqa: BLE001 - what it meets is what is asked
                    if type(error).__name__ not in self.met:
                        self.met.append(type(error).__name__)
                time.sleep(1 / fps)

        for emit in (old.emit_frame, lambda frame: get_ctx().emit_frame(frame)):
            threading.Thread(target=haunt, args=(emit,), daemon=True).start()
