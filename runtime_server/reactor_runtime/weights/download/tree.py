"""A folder that isn't complete, and the journal of what is filled in it.

Files of several parts are there at their full size, with holes; one of a single part comes with that.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reactor_runtime.weights.download.journal import Claim, Journal, read_claims
from reactor_runtime.weights.download.plan import Plan, PlannedFile
from reactor_runtime.weights.install import FILES, discard, new_tree, sync_folders, trees
from reactor_runtime.weights.layout import Layout
from reactor_runtime.weights.record import FolderRecord, RecordedFile

_JOURNAL = "journal"
_MODE = 0o666  # less the process's umask
_PIECE_BYTES = 256 * 1024
"""One write. 8 MiB at once take ten times the CPU on ext4 with large folios: 0.7 s for 512 MiB, in pieces 0.09 s."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A private tree. Every method raises FileNotFoundError when somebody else has taken it over."""

    path: Path

    @classmethod
    def take_over(cls, layout: Layout) -> "Tree":
        """Make what the last downloader left one's own, or begin with nothing. Needs the folder's lock."""
        layout.partial.mkdir(parents=True, exist_ok=True)
        mine = new_tree(layout)
        for tree in reversed(trees(layout)):
            if (tree / FILES).is_dir() and not mine.exists():
                with contextlib.suppress(FileNotFoundError):
                    tree.rename(mine)
            else:
                discard(layout, tree)
        return cls(mine) if mine.exists() else cls.new(layout)

    @classmethod
    def new(cls, layout: Layout) -> "Tree":
        """Begin with nothing and leave other trees alone."""
        tree = new_tree(layout)
        (tree / FILES).mkdir(parents=True)
        return cls(tree)

    @property
    def files(self) -> Path:
        """What becomes the folder."""
        return self.path / FILES

    def claims(self, plan: Plan) -> dict[str, Claim]:
        """What is finished of each file of the plan, by its path and in the plan's order."""
        found = read_claims(self.path / _JOURNAL)
        return {file.path: self._claim(file, found.get(file.path)) for file in plan.files}

    def prepare(self, plan: Plan, claims: dict[str, Claim]) -> Journal:
        """Have what is claimed, room for the plan's other files, and a journal that says what is believed of `claims`.

        A file that is begun again is a new one: who had the tree before may still write into the old one.
        """
        journal = Journal(self.path / _JOURNAL, claims)
        self._remove_others({path for path, claim in claims.items() if claim.parts})
        for folder in {file.path.rpartition("/")[0] for file in plan.files}:
            (self.files / folder).mkdir(parents=True, exist_ok=True)
        for file in plan.files:
            if not claims[file.path].parts:
                self._create(file)
        return journal

    def begin_again(self, file: PlannedFile) -> None:
        """Forget the contents of a file."""
        (self.files / file.path).unlink()
        self._create(file)

    def write(self, file: PlannedFile, offset: int, data: memoryview) -> None:
        """Write at `offset`."""
        creating = os.O_CREAT if file.parts == 1 else 0
        fd = os.open(self._path(file), os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | creating, _MODE)
        try:
            while data:
                count = os.pwrite(fd, data[:_PIECE_BYTES], offset)
                offset, data = offset + count, data[count:]
        finally:
            os.close(fd)

    def read(self, file: PlannedFile, offset: int, into: memoryview) -> bool:
        """Read what was written at `offset`; False if the file is shorter."""
        fd = os.open(self._path(file), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            while into:
                count = os.preadv(fd, [into], offset)
                if not count:
                    return False
                offset, into = offset + count, into[count:]
        finally:
            os.close(fd)
        return True

    def sync(self, file: PlannedFile) -> None:
        """Bring the file to the disk."""
        fd = os.open(self._path(file), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def record(self, plan: Plan, sha256: dict[str, str]) -> FolderRecord:
        """Bring the names to the disk as well, and say what the finished files are. `sha256`: by path."""
        sync_folders(self.files)
        files = []
        for file in plan.files:
            status = (self.files / file.path).stat()
            files.append(
                RecordedFile(
                    path=file.path, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns, sha256=sha256[file.path]
                )
            )
        return FolderRecord(location=plan.location, files=tuple(sorted(files, key=lambda file: file.path)))

    def _claim(self, file: PlannedFile, claim: Claim | None) -> Claim:
        if claim is None or claim.identity != file.identity or not self._has_size(file):
            return Claim(file.identity, believed=True)
        if not (claim.believed or file.indexed):  # nothing to check it against
            return Claim(file.identity, believed=True)
        return Claim(file.identity, claim.believed, {part for part in claim.parts if 0 <= part < file.parts})

    def _has_size(self, file: PlannedFile) -> bool:
        path = self.files / file.path
        return path.is_file() and not path.is_symlink() and path.stat().st_size == file.size_bytes

    def _path(self, file: PlannedFile) -> str:
        return f"{self.path}/{FILES}/{file.path}"  # a Path takes ten times as long; 2,000 files have 6,000

    def _create(self, file: PlannedFile) -> None:
        if file.parts == 1:  # comes with its part
            return
        fd = os.open(self._path(file), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        try:
            os.ftruncate(fd, file.size_bytes)
        finally:
            os.close(fd)

    def _remove_others(self, wanted: set[str]) -> None:
        for path in list(self._all(self.files)):
            if path.is_dir() and not path.is_symlink():
                with contextlib.suppress(OSError):  # something wanted is in it
                    path.rmdir()
            elif path.relative_to(self.files).as_posix() not in wanted:
                path.unlink()

    def _all(self, folder: Path) -> Iterator[Path]:
        """Everything below, the contents of a folder before the folder."""
        for top, folders, names in os.walk(folder, topdown=False):
            yield from (Path(top) / name for name in (*names, *folders))
