"""The weights on this machine: whole or not, by sizes and times of change. `reactor weights verify` reads the bytes."""

from collections.abc import Iterator
from pathlib import Path

from reactor_cli.doctor.disk import size
from reactor_cli.doctor.finding import Finding, Fix, ok
from reactor_cli.doctor.model import needed_weights
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.errors import CliError
from reactor_runtime.errors import WeightsError
from reactor_runtime.weights.cache import CachedFolder, folders, remove_rest

_STALE_S = 7 * 86_400.0  # a younger rest saves bytes when its download goes on


def check_weights(around: Surroundings) -> Iterator[Finding]:
    """Every folder of the cache, and those that the model needs and that aren't there."""
    needed = needed_weights(around)
    found = folders(root=around.weights)
    whole = [folder for folder in found if folder.state in ("complete", "by hand")]
    if whole or not found:
        total_bytes = sum(folder.size_bytes for folder in whole)
        counted = "1 folder" if len(whole) == 1 else f"{len(whole)} folders"
        yield ok(f"{counted} complete, {size(total_bytes)}" if whole else "nothing downloaded")
    for folder in found:
        if folder.state == "changed":
            yield _changed(folder, is_needed=folder.name in needed)
        elif folder.state == "partial":
            yield _partial(folder, around.weights)
    for name in needed:
        if name not in {folder.name for folder in found if folder.state != "partial"}:
            yield _absent(name, offline=around.settings.offline)


def _changed(folder: CachedFolder, *, is_needed: bool) -> Finding:
    return Finding(
        "error" if is_needed else "warning",
        f"{folder.name} is no longer as it was fetched",
        f"See what is wrong: reactor weights verify {folder.name}. "
        f"Fetch it again: reactor download --weights {folder.name}",
        folder.path,
    )


def _partial(folder: CachedFolder, root: Path) -> Finding:
    if folder.busy:
        return Finding("info", f"{folder.name} is being downloaded now")
    days = folder.unused_s / 86_400
    what = f"{folder.name}: a download that stopped {days:.0f} days ago holds {size(folder.size_bytes)}"
    if folder.unused_s < _STALE_S:
        return Finding("info", what, f"It goes on where it stopped: reactor download --weights {folder.name}")

    def act(_say: object) -> None:
        try:
            remove_rest(folder.name, root=root)
        except WeightsError as error:
            raise CliError(str(error)) from None

    fix = Fix(f"remove the unfinished download of {folder.name}", act)
    return Finding("info", what, f"Go on with it: reactor download --weights {folder.name}", fix=fix)


def _absent(name: str, *, offline: bool) -> Finding:
    if offline:
        remedy = f"Fetch it while there is a network: reactor download --weights {name}"
        return Finding("error", f"{name} isn't here, and --offline forbids to fetch it", remedy)
    return Finding("info", f"{name} isn't here yet: the start of the model fetches it")
