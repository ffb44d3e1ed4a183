"""Where things are in the cache of weight folders.

    <root>/<Folder>/…                     a complete folder, nothing of ours in it
    <root>/.reactor/<Folder>.json         its record: what was fetched, when it was last used
    <root>/.reactor/<Folder>.lock         held by whoever changes anything about it; never removed
    <root>/.partial/<Folder>/progress     how far the one who holds the lock is, for those who wait
    <root>/.partial/<Folder>/tree-*/      a folder that isn't complete, private to one downloader

Everything is on one file system, so that a folder appears and goes by one rename.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from reactor_runtime.weights.names import check_folder_name

RECORDS = ".reactor"
PARTIALS = ".partial"


def cache_root() -> Path:
    """`REACTOR_REGISTRY_CACHE`, else `~/.cache/reactor_registry`."""
    return Path(os.environ.get("REACTOR_REGISTRY_CACHE") or Path.home() / ".cache" / "reactor_registry")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one weight folder."""

    root: Path
    name: str

    @classmethod
    def of(cls, name: str, root: Path | None = None) -> "Layout":
        """The paths of the folder called `name`, in the user's cache unless `root` says another one.

        Raises:
            UnsafeKeyError: it can't be a folder's name.
        """
        check_folder_name(name)
        return cls(root or cache_root(), name)

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.root / self.name

    @property
    def record(self) -> Path:
        """What was fetched; its time of change is when the folder was last used."""
        return self.root / RECORDS / f"{self.name}.json"

    @property
    def lock(self) -> Path:
        """The file to lock."""
        return self.root / RECORDS / f"{self.name}.lock"

    @property
    def partial(self) -> Path:
        """Where private trees are."""
        return self.root / PARTIALS / self.name

    @property
    def progress(self) -> Path:
        """How far the downloader is."""
        return self.partial / "progress"
