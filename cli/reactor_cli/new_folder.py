"""A new folder under a name that its user chose: all of it or nothing."""

import re
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path

from reactor_cli.errors import CliError, UsageProblem

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)  # no folder can be called so on Windows


def make_folder(path: Path, fill: Callable[[Path, str], None], *, what: str, command: str) -> Path:
    """Make `path`, whose last part is its name; return the absolute folder.

    Args:
        path: as the user gave it.
        fill: writes into the given empty folder what the folder of the given name shall hold.
        what: one word for what is made.
        command: what to try again, with another name.

    Raises:
        UsageProblem: the name can't be one, the folder is there already, or there is none to put it into.
        CliError: it can't be written.
    """
    folder = Path(path.expanduser().absolute())
    _check_name(path, folder, what, command)
    if folder.exists() or folder.is_symlink():
        raise UsageProblem(f"{path} is there already, and is left as it is. Another name: {_free_name(path)}")
    if not folder.parent.is_dir():
        raise UsageProblem(f"{path}: there is no folder {folder.parent}. Make it first: mkdir -p {path.parent}")
    try:
        # Beside it first, so that an interruption leaves no half of a folder under its name.
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
            made = Path(beside, "made")
            made.mkdir()
            fill(made, folder.name)
            made.rename(folder)
    except OSError as error:
        raise CliError(f"{folder} can't be written: {error.strerror}.") from None
    return folder


def _check_name(path: Path, folder: Path, what: str, command: str) -> None:
    name = path.name
    if _NAME.fullmatch(name) and not _DEVICES.fullmatch(name):
        return
    near = _suggestion(name or folder.name, what)
    raise UsageProblem(
        f"{str(path)!r} can't be a {what}'s name: letters, digits, - and _, a letter first, 64 at most. "
        f"Did you mean: {command} {near}"
    )


def _suggestion(name: str, what: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:58].rstrip("-")
    if not plain:
        return f"my-{what}"
    return plain if _NAME.fullmatch(plain) and not _DEVICES.fullmatch(plain) else f"{what}-{plain}"


def _free_name(path: Path) -> Path:
    numbered = (path.with_name(f"{path.name}-{number}") for number in range(2, 100))
    return next((one for one in numbered if not one.exists()), path.with_name(f"{path.name}-new"))
