"""Parts on their way: a bounded pool of threads, each with one connection and memory for one part."""

import hashlib
import mmap
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from reactor_runtime.weights.download.checks import FileCheck, check_of
from reactor_runtime.weights.download.journal import Claim, Journal
from reactor_runtime.weights.download.limits import Limits
from reactor_runtime.weights.download.patience import Patience
from reactor_runtime.weights.download.plan import Plan, PlannedFile
from reactor_runtime.weights.download.tree import Tree
from reactor_runtime.weights.errors import CorruptFolderError, RegistryUnreachableError, StoppedError
from reactor_runtime.weights.hashes import PART_BYTES
from reactor_runtime.weights.progress import FileProgress
from reactor_runtime.weights.store import ObjectStore

TICK_S = 0.1
_GRACE_S = (
    0.2  # for threads to end after a stop; one that waits for the network ends when that does, and writes nothing
)


@dataclass(frozen=True, slots=True)
class _Task:
    """A part to bring, or one that the journal claims, to be read; without a part: a file that has all of them."""

    file: int
    part: int | None
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """How far a transfer is."""

    files: int
    done_bytes: int
    current: tuple[FileProgress, ...]


class _HaltedError(Exception):
    """The transfer has ended; so does this thread."""


class Transfer:
    """Brings what a tree lacks of a plan.

    Parameters:
        claims: what the tree has, by path. Of a file with an index what is believed doesn't matter any more; all
            other claimed parts are read again, to check or to hash them.
    """

    def __init__(
        self, store: ObjectStore, plan: Plan, tree: Tree, *, journal: Journal, claims: dict[str, Claim], limits: Limits
    ) -> None:
        self._store = store
        self._plan = plan
        self._tree = tree
        self._journal = journal
        self._believed = [claims[file.path].believed for file in plan.files]
        self._limits = limits
        self._patience = Patience(limits.patience_s)
        self._tasks: deque[_Task] = deque()
        self._checks: list[FileCheck] = []
        self._tries = [1] * len(plan.files)
        self._file_bytes = [0] * len(plan.files)
        self._flying: dict[int, tuple[int, int]] = {}
        self._sha256: dict[str, str] = {}
        self._error: BaseException | None = None
        self._halt = threading.Event()
        self._ended = threading.Event()
        self._changed = threading.Condition()
        for number, file in enumerate(plan.files):
            self._begin(number, file, claims[file.path])
        self._outstanding = len(self._tasks)  # queued or being done

    def run(self, stop: threading.Event, on_tick: Callable[[], None]) -> dict[str, str]:
        """Bring everything; `on_tick` is called on this thread, every `TICK_S`.

        Returns:
            The SHA-256 of each file, by path, in hexadecimal. All files are on the disk.

        Raises:
            CorruptFolderError: a part, or a file without an index, came with wrong bytes again and again.
            StoppedError: `stop` was set.
            RegistryError: the registry doesn't give it.
            OSError: the disk doesn't take it.
        """
        threads = [
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True)
            for number in range(min(self._limits.connections, len(self._tasks)))
        ]
        for thread in threads:
            thread.start()
        try:
            while threads and not self._ended.wait(TICK_S):
                if stop.is_set():
                    raise StoppedError(f"the download of {self._plan.folder!r} was stopped; what has arrived is kept.")
                on_tick()
        finally:
            self._end()
            deadline_s = time.monotonic() + _GRACE_S
            for thread in threads:
                thread.join(max(0.0, deadline_s - time.monotonic()))
        if self._error:
            raise self._error
        return self._sha256

    def done(self) -> Done:
        """How far it is now; for any thread."""
        flying = list(self._flying.copy().values())
        arriving: dict[int, int] = {}
        for number, count in flying:
            arriving[number] = arriving.get(number, 0) + count
        current = tuple(
            FileProgress(file.path, file.size_bytes, min(file.size_bytes, self._file_bytes[number] + count))
            for number, count in sorted(arriving.items())
            for file in (self._plan.files[number],)
        )
        return Done(len(self._sha256), sum(self._file_bytes) + sum(count for _, count in flying), current)

    def _begin(self, number: int, file: PlannedFile, claim: Claim) -> None:
        settled = claim.parts if file.indexed and claim.believed else set()
        self._checks.append(check_of(file, self._tree, len(settled)))
        self._file_bytes[number] = sum(end - start for start, end in map(file.span, settled))
        parts = [part for part in range(file.parts) if part not in settled]
        self._tasks.extend(_Task(number, part, claimed=part in claim.parts) for part in parts)
        if not parts:
            self._tasks.append(_Task(number, None))

    def _work(self) -> None:
        try:
            buffer = memoryview(mmap.mmap(-1, PART_BYTES))  # given back whole; a bytearray may stay in the heap
            while (task := self._next()) is not None:
                self._do(task, buffer)
                self._flying.pop(threading.get_ident(), None)
                self._finished()
        except _HaltedError:
            pass
        except BaseException as error:  # noqa: BLE001 - `run` raises it where somebody hears of it
            self._error = self._error or error
            self._end()

    def _next(self) -> _Task | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._tasks) or self._ended.is_set())
            return self._tasks.popleft() if self._tasks and not self._ended.is_set() else None

    def _finished(self) -> None:
        with self._changed:
            self._outstanding -= 1
            if self._outstanding:
                return
        self._end()

    def _end(self) -> None:
        self._halt.set()
        self._ended.set()
        with self._changed:
            self._changed.notify_all()

    def _do(self, task: _Task, buffer: memoryview) -> None:
        if task.part is None:
            self._complete(task.file)
            return
        file = self._plan.files[task.file]
        start, end = file.span(task.part)
        data = buffer[: end - start]
        believed = self._believed[task.file]
        if not task.claimed or not self._has(file, task.part, data):
            self._bring(task.file, task.part, data)
            self._raise_if_halted()
            self._tree.write(file, start, data)
            believed = False
        if not (task.claimed and believed):
            self._journal.finished(task.file, task.part)
        with self._changed:
            self._flying.pop(threading.get_ident(), None)
            self._file_bytes[task.file] += len(data)
        if self._checks[task.file].arrived(task.part, data):
            self._complete(task.file)

    def _has(self, file: PlannedFile, part: int, data: memoryview) -> bool:
        """Whether a claimed part is in the tree; reads it into `data`."""
        self._raise_if_halted()
        expected = file.expected(part)
        if not self._tree.read(file, file.span(part)[0], data):
            return False
        return expected is None or hashlib.sha256(data).hexdigest() == expected

    def _bring(self, number: int, part: int, data: memoryview) -> None:
        """Fill `data` with the part as it has to be."""
        file = self._plan.files[number]
        expected = file.expected(part)
        for _ in range(self._limits.tries):
            if self._receive(number, part, data) == expected or expected is None:
                return
        raise CorruptFolderError(
            f"{file.path} came {self._limits.tries} times with other bytes from {self._store.location} than the index "
            "of its folder says. If it was changed there without `reactor upload`, upload the folder again; "
            "otherwise something on the way, or that disk, is broken."
        )

    def _receive(self, number: int, part: int, data: memoryview) -> str | None:
        """One part, over as many connections as it takes; its SHA-256 if that is needed."""
        file = self._plan.files[number]
        start, end = file.span(part)
        count = attempt = 0
        while start + count < end:
            try:
                for chunk in self._store.read_range(file.key, start + count, end, etag=file.etag):
                    self._raise_if_halted()
                    data[count : count + len(chunk)] = chunk
                    count, attempt = count + len(chunk), 0
                    self._flying[threading.get_ident()] = (number, count)
                    self._patience.heard()
            except RegistryUnreachableError as error:
                self._raise_if_halted()
                self._patience.pause(error, attempt, self._halt)
                self._raise_if_halted()
                attempt += 1
        return hashlib.sha256(data).hexdigest() if file.indexed else None

    def _raise_if_halted(self) -> None:
        if self._halt.is_set():
            raise _HaltedError

    def _complete(self, number: int) -> None:
        """All parts are there: the file is done, or has to come again."""
        file = self._plan.files[number]
        check = self._checks[number]
        if check.is_right() or self._has_opaque_etag(file):
            self._tree.sync(file)
            self._sha256[file.path] = check.sha256
        elif self._tries[number] < self._limits.tries and not file.indexed:
            self._begin_again(number, file)
        else:
            raise CorruptFolderError(
                f"{file.path} came {self._tries[number]} times from {self._store.location} with bytes that don't fit "
                f"its {'index' if file.indexed else 'ETag'}. Upload it again; if that doesn't help, something on the "
                "way is broken."
            )

    def _has_opaque_etag(self, file: PlannedFile) -> bool:
        """Whether an ETag that doesn't fit says nothing of the bytes. Asked only then, as a list doesn't tell."""
        if file.indexed:
            return False
        try:
            found = self._store.head(file.key)
        except RegistryUnreachableError:  # it comes again
            return False
        return found.etag == file.etag and found.has_opaque_etag

    def _begin_again(self, number: int, file: PlannedFile) -> None:
        self._tries[number] += 1
        self._journal.begin_again(number)
        self._tree.begin_again(file)
        self._checks[number] = check_of(file, self._tree, 0)
        with self._changed:
            self._file_bytes[number] = 0
            self._outstanding += file.parts
            self._tasks.extend(_Task(number, part) for part in range(file.parts))
            self._changed.notify_all()
