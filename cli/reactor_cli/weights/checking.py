"""Whether weight folders still have the bytes that were fetched."""

import json
import threading
from collections.abc import Sequence
from functools import partial

import click

from reactor_cli.transfer import run_transfer
from reactor_runtime.weights.cache import FolderReport, cache_root, folders, verify
from reactor_runtime.weights.progress import FetchProgress
from reactor_runtime.weights.registry import RegistryListener, RegistryProgress
from reactor_runtime.weights.words import size_words


def check(names: Sequence[str], *, as_json: bool) -> bool:
    """Read the folders (all, without names), print what was found; whether nothing is wrong.

    Raises:
        CliError: a folder isn't there.
    """
    sizes = {folder.name: folder.size_bytes for folder in folders() if folder.state != "partial"}
    chosen = list(dict.fromkeys(names)) or list(sizes)

    def work(stop: threading.Event, listener: RegistryListener) -> list[FolderReport]:
        counter = _Counter(chosen, sizes, listener)
        return [verify(name, on_bytes=partial(counter.add, name), stop=stop) for name in chosen]

    reports = run_transfer(work, doing="Checking", resumes="Nothing was changed.")
    if as_json:
        click.echo(json.dumps({"cache": str(cache_root()), "folders": [_record(one) for one in reports]}, indent=2))
    else:
        for report in reports:
            click.echo(_words(report, sizes.get(report.name, 0)))
        if not reports:
            click.echo(f"No weights in {cache_root()}.")
    return all(report.sound for report in reports)


class _Counter:
    """Turns the bytes that were read into progress."""

    def __init__(self, names: Sequence[str], sizes: dict[str, int], listener: RegistryListener) -> None:
        self._numbers = {name: number for number, name in enumerate(names)}
        self._total_bytes = sum(sizes.get(name, 0) for name in names)
        self._listener = listener
        self._lock = threading.Lock()
        self._done_bytes = 0

    def add(self, name: str, count: int) -> None:
        with self._lock:
            self._done_bytes += count
            now = FetchProgress(name, 0, 0, self._done_bytes, self._total_bytes)
            overall = RegistryProgress(
                now, len(self._numbers), self._numbers[name], self._done_bytes, self._total_bytes
            )
            self._listener(overall)


def _record(report: FolderReport) -> dict[str, object]:
    wrong = [{"path": file.path, "state": file.state} for file in report.files if file.state != "sound"]
    return {
        "name": report.name,
        "path": str(report.path),
        "sound": report.sound,
        "recorded": report.recorded,
        "files": len(report.files),
        "wrong": wrong,
    }


def _words(report: FolderReport, size_bytes: int) -> str:
    if not report.recorded:
        return f"{report.name}: put there by hand, so there is nothing to compare it with"
    wrong = [file for file in report.files if file.state != "sound"]
    if not wrong:
        return f"{report.name}: sound ({_files(len(report.files))}, {size_words(size_bytes)})"
    lines = [f"{report.name}: {len(wrong)} of {_files(len(report.files))} aren't as they were fetched:"]
    lines += [f"  {file.path}: {file.state}" for file in wrong]
    return "\n".join([*lines, f"  Fetch it again: reactor download --force --weights {report.name}"])


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
