"""Random lives of a downloader: killed anywhere, cut, given wrong bytes. What is visible is whole and right."""

import hashlib
import os
import random
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactor_runtime.weights.cache import complete
from reactor_runtime.weights.download import fetch_folder, patience
from reactor_runtime.weights.download.limits import Limits
from reactor_runtime.weights.errors import RegistryError, RegistryUnreachableError
from support.memory_store import MemoryStore, contents_of, folder_store, use_small_parts

PART = 16 * 1024
NAME = "Some-Model"
LIMITS = Limits(connections=4, patience_s=0.2, first_patience_s=0.2, reserve_bytes=0)
OLD = {"old.bin": b"old", "a": b"older"}

# Ten times as fast as a disk, which is asked after each file whether it has it.
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None

# What changes the disk: a process can be killed before any of these.
_CALLS = ("pwrite", "write", "rename", "replace", "unlink", "rmdir", "mkdir", "ftruncate", "fsync", "fdatasync")


@dataclass(frozen=True)
class Life:
    """One start of the downloader.

    Parameters:
        calls: it is killed before so many changes of the disk; None: it isn't.
        chunks: it is killed when so many pieces have come.
        cut, flip: how likely a piece is lost with its connection, or comes with a wrong bit.
    """

    calls: int | None
    chunks: int | None
    cut: float
    flip: float
    seed: int


LIVES = st.builds(
    Life,
    calls=st.none() | st.integers(0, 120),
    chunks=st.none() | st.integers(0, 60),
    cut=st.sampled_from([0.0, 0.0, 0.05, 0.3]),
    flip=st.sampled_from([0.0, 0.0, 0.05, 0.3]),
    seed=st.integers(0, 2**32),
)
SIZES = st.sampled_from([0, 1, PART - 1, PART, PART + 1, 3 * PART, 5 * PART + 100])
FOLDERS = st.dictionaries(st.sampled_from(["a", "b/c", "b/d é", "e/f/g/h", "i j"]), SIZES, min_size=1)


@pytest.fixture(scope="module", autouse=True)
def small_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        use_small_parts(patch, PART)
        patch.setattr(patience, "_FIRST_PAUSE_S", 0.001)
        yield


@given(FOLDERS, st.booleans(), st.booleans(), st.lists(LIVES, max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_no_file_is_ever_wrong(
    sizes: dict[str, int], indexed: bool, replacing: bool, lives: list[Life]
) -> None:
    _walk(sizes, lives, indexed=indexed, replacing=replacing)


@pytest.mark.long
@pytest.mark.timeout(0)
@given(FOLDERS, st.booleans(), st.booleans(), st.lists(LIVES, max_size=20))
@settings(max_examples=5000, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_no_file_is_ever_wrong_long(
    sizes: dict[str, int], indexed: bool, replacing: bool, lives: list[Life]
) -> None:
    _walk(sizes, lives, indexed=indexed, replacing=replacing)


@pytest.mark.parametrize("replacing", [False, True])
def test_a_kill_before_any_change_of_the_disk_is_mended_without_another_byte_than_needed(replacing: bool) -> None:
    files = {"a": os.urandom(2 * PART), "b/c": b"1", "e": b""}
    calls = 0
    while True:
        with _cache(replacing=replacing) as root:
            store = folder_store(NAME, files, indexed=True)
            if not _killed(store, root, Life(calls, None, 0.0, 0.0, 0), force=replacing):
                break
            _check(root, files, replacing=replacing)
            # Once the new files are visible nothing has to come again; before, the old ones still are.
            folder = fetch_folder(store, NAME, root=root, limits=LIMITS, force=_is_old(root))
            assert contents_of(folder) == files
            assert not list((root / ".partial").glob("*"))
        calls += 1
    assert calls > 20


def _walk(sizes: dict[str, int], lives: list[Life], *, indexed: bool, replacing: bool) -> None:
    files = {path: hashlib.shake_128(path.encode()).digest(size) for path, size in sizes.items()}
    store = folder_store(NAME, files, indexed=indexed)
    store.chunk_bytes = PART // 4
    with _cache(replacing=replacing) as root:
        for life in lives:
            _killed(store, root, life, force=replacing)
            _check(root, files, replacing=replacing)
        folder = fetch_folder(store, NAME, root=root, limits=LIMITS, force=_is_old(root))
        assert contents_of(folder) == files
        assert complete(NAME, root=root) == folder


@contextmanager
def _cache(*, replacing: bool) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_MEMORY) as text:
        if replacing:
            fetch_folder(folder_store(NAME, OLD, indexed=True), NAME, root=Path(text), limits=LIMITS)
        yield Path(text)


def _check(root: Path, files: dict[str, bytes], *, replacing: bool) -> None:
    """What everybody can see: nothing, the old folder, or the new one."""
    folder = root / NAME
    if folder.exists():
        assert contents_of(folder) in ([files, OLD] if replacing else [files])
    found = complete(NAME, root=root)  # which also puts an end to an installation that was interrupted
    assert found is not None or not replacing


def _is_old(root: Path) -> bool:
    return (root / NAME).exists() and contents_of(root / NAME) == OLD


def _killed(store: MemoryStore, root: Path, life: Life, *, force: bool) -> bool:
    """Live this life in a process of its own; whether it was killed."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _live(store, root, life, force=force)
            code = 0
        except RegistryError:
            code = 2  # it gave up, as it may when much is wrong
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    code = os.waitstatus_to_exitcode(status)
    assert code == 0 or (code == 2 and life.cut + life.flip > 0), f"the downloader failed: {life}"
    return False


def _live(store: MemoryStore, root: Path, life: Life, *, force: bool) -> None:
    chance = random.Random(life.seed)  # noqa: S311 - what is random must be repeatable
    come = _Countdown(life.chunks)

    def fault(key: str, offset: int, data: bytes) -> bytes:
        come.count()
        if chance.random() < life.cut:
            raise RegistryUnreachableError("cut")
        if chance.random() < life.flip and not key.endswith(".json"):
            return bytes([data[0] ^ 1]) + data[1:]
        return data

    _kill_before(life.calls)
    store.fault = fault
    fetch_folder(store, NAME, root=root, limits=LIMITS, force=force)


class _Countdown:
    """Kills this process at the end."""

    def __init__(self, left: int | None) -> None:
        self._left = left
        self._lock = threading.Lock()

    def count(self) -> None:
        with self._lock:
            if self._left is not None:
                self._left -= 1
                if self._left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)


def _kill_before(calls: int | None) -> None:
    countdown = _Countdown(calls)

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def do(*arguments: object, **keywords: object) -> object:
            countdown.count()
            return call(*arguments, **keywords)

        return do

    for name in _CALLS:
        setattr(os, name, counted(getattr(os, name)))
