"""What weight folders there are, as tables or JSON."""

import json
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

import click

from reactor_cli.transfer import run_transfer
from reactor_runtime.weights.cache import CachedFolder, cache_root, complete, folders
from reactor_runtime.weights.errors import UnsafeKeyError
from reactor_runtime.weights.index import INDEX_PATH
from reactor_runtime.weights.names import RESERVED, check_folder_name
from reactor_runtime.weights.registry import RegistryListener
from reactor_runtime.weights.store import ObjectStore, open_store
from reactor_runtime.weights.words import size_words, time_words


@dataclass(slots=True)
class _Listed:
    files: int = 0
    size_bytes: int = 0
    indexed: bool = False


def show_cache(*, as_json: bool) -> None:
    """Print what is on this machine."""
    found = folders()
    if as_json:
        click.echo(json.dumps({"cache": str(cache_root()), "folders": [_record(folder) for folder in found]}, indent=2))
        return
    click.echo(f"Weights in {cache_root()}:" if found else f"No weights in {cache_root()}.")
    rows = [
        (
            folder.name,
            f"{folder.state}, in use" if folder.busy else folder.state,
            str(folder.files),
            size_words(folder.size_bytes),
            time_words(folder.unused_s),
        )
        for folder in found
    ]
    print_table(("folder", "state", "files", "size", "last used"), rows, right=(2, 3, 4))
    if len(found) > 1:
        click.echo(f"{size_words(sum(folder.size_bytes for folder in found))} in all")


def show_registry(location: str, *, as_json: bool) -> None:
    """Print what is in a registry.

    Raises:
        CliError: it can't be asked.
    """

    def work(_stop: threading.Event, _listener: RegistryListener) -> dict[str, _Listed]:
        with closing(open_store(location)) as store:
            return _listed(store)

    found = run_transfer(work, doing="Listing", resumes="")
    here = {name: complete(name) is not None for name in found}
    if as_json:
        records = [
            {"name": name, "files": one.files, "size_bytes": one.size_bytes, "indexed": one.indexed, "here": here[name]}
            for name, one in found.items()
        ]
        click.echo(json.dumps({"registry": location, "folders": records}, indent=2))
        return
    click.echo(f"Weights in {location}:" if found else f"No weights in {location}.")
    rows = [
        (
            name,
            str(one.files),
            size_words(one.size_bytes),
            "yes" if one.indexed else "no",
            "yes" if here[name] else "no",
        )
        for name, one in found.items()
    ]
    print_table(("folder", "files", "size", "index", "on this machine"), rows, right=(1, 2))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Print a table, if there is anything in it; columns `right` are aligned to the right."""
    from rich.console import Console  # noqa: PLC0415 - 70 ms that JSON doesn't need
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _record(folder: CachedFolder) -> dict[str, object]:
    return {
        "name": folder.name,
        "path": str(folder.path),
        "state": folder.state,
        "files": folder.files,
        "size_bytes": folder.size_bytes,
        "unused_s": round(folder.unused_s),
        "busy": folder.busy,
    }


def _listed(store: ObjectStore) -> dict[str, _Listed]:
    found: dict[str, _Listed] = {}
    for info in store.list(""):
        name, _, path = info.key.partition("/")
        if not path or path.endswith("/") or not _is_folder(name):
            continue
        one = found.setdefault(name, _Listed())
        one.indexed |= path == INDEX_PATH
        if not path.startswith(f"{RESERVED}/"):
            one.files += 1
            one.size_bytes += info.size_bytes
    return found


def _is_folder(name: str) -> bool:
    try:
        check_folder_name(name)
    except UnsafeKeyError:
        return False
    return True
