"""Weight folders by name: from this machine's cache, or from the registry that the settings name."""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

from reactor_runtime.weights.cache import cache_root, complete
from reactor_runtime.weights.errors import OfflineError
from reactor_runtime.weights.names import check_folder_name
from reactor_runtime.weights.progress import FetchProgress, ProgressListener
from reactor_runtime.weights.store import ObjectStore

DEFAULT_REGISTRY = "reactor-models"
"""Contract: the bucket that is asked when nothing else is said."""

_LOCATIONS = ("REACTOR_MODELS_BUCKET", "REACTOR_BUCKET")
_OFFLINE = "REACTOR_OFFLINE"
_YES = frozenset({"1", "true", "yes", "on", "t", "y"})  # as pydantic reads a bool


@dataclass(frozen=True, slots=True)
class RegistryProgress:
    """How far the folders have come that weren't complete on this machine.

    Args:
        now: the folder that is being fetched.
        done_bytes: of all these folders.
        total_bytes: of all these folders.
    """

    now: FetchProgress
    folders: int
    folders_done: int
    done_bytes: int
    total_bytes: int

    @property
    def fraction(self) -> float:
        """How much has come, 0..1."""
        if not self.total_bytes:
            return 0.0
        return max(0.0, min(1.0, self.done_bytes / self.total_bytes))

    @property
    def eta_s(self) -> float | None:
        """Seconds that are left, as far as one can say."""
        if self.folders == 1:
            return self.now.eta_s
        speed = self.now.speed_bytes_s
        return (self.total_bytes - self.done_bytes) / speed if speed > 0 else None


RegistryListener = Callable[[RegistryProgress], None]
"""Is told on any thread, about ten times a second at most."""


class Registry:
    """One registry and this machine's cache of it. Nothing is asked before `fetch` finds something missing.

    Args:
        location: a bucket's name, `s3://bucket` or `file:///folder`; None: `REACTOR_MODELS_BUCKET`, else
            `reactor-models`.
        offline: use no network; `REACTOR_OFFLINE` says the same.
    """

    def __init__(self, location: str | None = None, *, offline: bool = False) -> None:
        given = (location, *map(os.environ.get, _LOCATIONS))
        self.location = next((one for one in given if one), DEFAULT_REGISTRY)
        self.offline = offline or os.environ.get(_OFFLINE, "").lower() in _YES

    def fetch(
        self,
        names: Iterable[str],
        *,
        on_progress: RegistryListener | None = None,
        stop: Event | None = None,
        force: bool = False,
    ) -> dict[str, Path]:
        """Return the complete folders by name, in that order; fetch those that aren't there.

        Args:
            names: of weight folders.
            on_progress: is told how far it is; never called when all are there.
            stop: set it to end the fetch; what has come is kept for the next one.
            force: fetch again what is complete.

        Raises:
            OfflineError: something is missing and the network may not be used; names all that is.
            StoppedError: `stop` was set.
            RegistryError: anything else; the text says what to do.
        """
        wanted = list(dict.fromkeys(names))
        for name in wanted:
            check_folder_name(name)
        found = {} if force else {name: path for name in wanted if (path := complete(name)) is not None}
        missing = [name for name in wanted if name not in found]
        if missing and self.offline:
            raise OfflineError(_offline_words(missing, force=force))
        if missing:
            found |= self._fetch(missing, on_progress, stop, force=force)
        return {name: found[name] for name in wanted}

    def _fetch(
        self, names: Sequence[str], on_progress: RegistryListener | None, stop: Event | None, *, force: bool
    ) -> dict[str, Path]:
        from reactor_runtime.weights.download import fetch_folder  # noqa: PLC0415 - most starts fetch nothing
        from reactor_runtime.weights.store import open_store  # noqa: PLC0415

        with closing(open_store(self.location)) as store:
            total = _Total(store, names, on_progress, stop or Event())
            return {
                name: fetch_folder(store, name, on_progress=total.of(name), stop=stop, force=force) for name in names
            }


class _Total:
    """Adds up the folders of one fetch."""

    def __init__(
        self, store: ObjectStore, names: Sequence[str], listener: RegistryListener | None, stop: Event
    ) -> None:
        self._listener = listener
        self._names = names
        # Of one folder the fetch itself says the size; asking beforehand costs a request or two for each.
        self._sizes = {name: _size_bytes(store, name, stop) for name in names} if listener and len(names) > 1 else {}

    def of(self, name: str) -> ProgressListener | None:
        """What takes the news of that folder's fetch."""
        listener = self._listener
        if listener is None:
            return None
        number = self._names.index(name)

        def take(now: FetchProgress) -> None:
            sizes = self._sizes | {name: now.total_bytes}
            before = sum(sizes[earlier] for earlier in self._names[:number])
            listener(RegistryProgress(now, len(self._names), number, before + now.done_bytes, sum(sizes.values())))

        return take


def _size_bytes(store: ObjectStore, name: str, stop: Event) -> int:
    from reactor_runtime.weights.download.background import ask  # noqa: PLC0415 - most starts fetch nothing
    from reactor_runtime.weights.download.limits import Limits  # noqa: PLC0415
    from reactor_runtime.weights.download.plan import make_plan  # noqa: PLC0415

    return ask(partial(make_plan, store, name), stop, Limits().first_patience_s).total_bytes


def _offline_words(missing: Sequence[str], *, force: bool) -> str:
    names = ", ".join(missing)
    if force:
        return f"offline, so {names} can't be fetched again. Leave --force or --offline (REACTOR_OFFLINE) away."
    are = "isn't" if len(missing) == 1 else "aren't"
    return (
        f"offline, and {names} {are} complete in {cache_root()}. Run `reactor download --weights {' '.join(missing)}` "
        "while there is a network, or leave --offline (REACTOR_OFFLINE) away."
    )
