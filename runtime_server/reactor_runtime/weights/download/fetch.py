"""From the question for a folder to the folder: wait for one's turn, plan, transfer, install."""

import contextlib
import errno
import threading
import time
from functools import partial
from pathlib import Path

from reactor_runtime.errors import WeightsError
from reactor_runtime.weights.cache import complete, verify
from reactor_runtime.weights.download.background import ask
from reactor_runtime.weights.download.limits import Limits
from reactor_runtime.weights.download.meter import Meter
from reactor_runtime.weights.download.plan import Plan, make_plan
from reactor_runtime.weights.download.space import ROOM, check_space
from reactor_runtime.weights.download.transfer import Transfer
from reactor_runtime.weights.download.tree import Tree
from reactor_runtime.weights.download.turn import publish, wait_for_turn
from reactor_runtime.weights.errors import NotEnoughSpaceError, ObjectChangedError, ObjectMissingError
from reactor_runtime.weights.install import discard, install, recover, recover_if_free, tidy
from reactor_runtime.weights.layout import Layout
from reactor_runtime.weights.listing import has_files
from reactor_runtime.weights.lock import FolderLock
from reactor_runtime.weights.progress import FetchProgress, ProgressListener
from reactor_runtime.weights.record import read_record
from reactor_runtime.weights.store import ObjectStore

_PUBLISH_S = 0.5
_JOURNAL_S = 1.0
_LIMITS = Limits()


def fetch_folder(
    store: ObjectStore,
    name: str,
    *,
    root: Path | None = None,
    on_progress: ProgressListener | None = None,
    stop: threading.Event | None = None,
    force: bool = False,
    limits: Limits = _LIMITS,
) -> Path:
    """The complete weight folder called `name`, from the cache or else from the registry.

    A complete folder is returned without a question to the registry, without a lock, and without a call of
    `on_progress`. A fetched folder whose bytes are no longer what they were is fetched again.

    Parameters:
        root: of the cache; the user's own without it.
        on_progress: is told how far it is, on this thread. What it raises ends the download.
        stop: set it to end the download; what has arrived is kept for the next one.
        force: fetch it again, even if it is complete or was put there by hand.
        limits: how much at once, how long, how often.

    Raises:
        FolderMissingError: the registry has no such folder.
        UnsafeKeyError: the name, or a key in the folder, can't become a path here.
        CorruptFolderError: it doesn't come with the bytes that it should have.
        NotEnoughSpaceError: the disk is too small.
        StoppedError: `stop` was set; within half a second.
        RegistryUnreachableError: nothing came for as long as `limits` says. What has arrived is kept.
        RegistryError: the registry refuses, in one of its other ways.
        WeightsError: the cache can't be written to.
    """
    layout = Layout.of(name, root)
    if not force and (found := complete(name, root=layout.root)) is not None:
        return found
    fetch = _Fetch(store, layout, on_progress or (lambda _progress: None), stop or threading.Event(), limits)
    try:
        return fetch.run(force=force)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NotEnoughSpaceError(f"the disk of {layout.root} is full; {name!r} isn't complete. {ROOM}") from error
        raise WeightsError(
            f"{name!r} can't be stored: {error.filename or layout.root}: {error.strerror or error}. "
            "Look at that disk and its permissions, or set REACTOR_REGISTRY_CACHE to another folder."
        ) from error


class _Fetch:
    """One folder on its way."""

    def __init__(
        self, store: ObjectStore, layout: Layout, listener: ProgressListener, stop: threading.Event, limits: Limits
    ) -> None:
        self._store = store
        self._layout = layout
        self._listener = listener
        self._stop = stop
        self._limits = limits
        self._take_over = Tree.take_over
        self._meter = Meter()
        self._published_at_s = self._synced_at_s = 0.0

    def run(self, *, force: bool) -> Path:
        recover_if_free(self._layout)
        before = self._recorded()
        lock = FolderLock(self._layout)
        try:
            wait_for_turn(self._layout, lock, self._stop, self._listener)
            recover(self._layout)
            fresh = not force or self._recorded() != before  # somebody else has just fetched it
            return (self._found() if fresh else None) or self._fetched(force=force)
        finally:
            with contextlib.suppress(OSError):
                tidy(self._layout)
            lock.release()

    def _recorded(self) -> bytes | None:
        with contextlib.suppress(OSError):
            return self._layout.record.read_bytes()
        return None

    def _found(self) -> Path | None:
        """The folder, if it is complete, or only its times of change are others than they were."""
        found = complete(self._layout.name, root=self._layout.root)
        record = read_record(self._layout.record)
        if found or record is None or not record.has_sizes(self._layout.folder):
            return found
        report = verify(self._layout.name, root=self._layout.root, stop=self._stop)
        return self._layout.folder if report.sound else None

    def _fetched(self, *, force: bool) -> Path:
        """Download it. An attempt ends early when the registry's folder changes, or somebody else takes the tree."""
        for attempt in range(1, self._limits.restarts + 1):
            try:
                return self._attempt(force=force)
            except (ObjectChangedError, ObjectMissingError):
                if attempt == self._limits.restarts:
                    raise
            except FileNotFoundError:  # the lock doesn't keep others away here: from now on we do
                self._take_over = Tree.new
                if attempt == self._limits.restarts:
                    raise
            if not force and (found := complete(self._layout.name, root=self._layout.root)) is not None:
                return found
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, *, force: bool) -> Path:
        plan = ask(partial(make_plan, self._store, self._layout.name), self._stop, self._limits.first_patience_s)
        tree = self._take_over(self._layout)
        claims = tree.claims(plan)
        check_space(plan, claims, self._layout.root, self._limits.reserve_bytes)
        journal = tree.prepare(plan, claims)
        try:
            transfer = Transfer(self._store, plan, tree, journal=journal, claims=claims, limits=self._limits)

            def on_tick() -> None:
                self._report(plan, transfer)
                if time.monotonic() - self._synced_at_s >= _JOURNAL_S:
                    journal.sync()
                    self._synced_at_s = time.monotonic()

            sha256 = transfer.run(self._stop, on_tick)
        finally:
            journal.close()
        record = tree.record(plan, sha256)
        if not force and read_record(self._layout.record) is None and has_files(self._layout.folder):
            discard(self._layout, tree.path)  # somebody put it there by hand meanwhile
        else:
            install(self._layout, tree.path, record)
        self._report(plan, transfer)
        return self._layout.folder

    def _report(self, plan: Plan, transfer: Transfer) -> None:
        now_s = time.monotonic()
        done = transfer.done()
        speed = self._meter.speed_bytes_s(now_s, done.done_bytes)
        progress = FetchProgress(
            folder=plan.folder,
            files_done=done.files,
            files=len(plan.files),
            done_bytes=done.done_bytes,
            total_bytes=plan.total_bytes,
            speed_bytes_s=speed,
            eta_s=(plan.total_bytes - done.done_bytes) / speed if speed > 0 else None,
            current=done.current,
        )
        if now_s - self._published_at_s >= _PUBLISH_S:
            self._published_at_s = now_s
            publish(self._layout, progress)
        self._listener(progress)
