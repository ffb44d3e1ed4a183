"""Which names from a registry may become paths on this machine."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from reactor_runtime.weights.errors import UnsafeKeyError

RESERVED = ".reactor"
"""The folder in a weight folder that is ours: no file of the weights is in it."""

_LONGEST_FOLDER_BYTES = 128  # leaves room in 255 for what we put around it
_LONGEST_PART_BYTES = 255  # NAME_MAX of every file system in use
_LONGEST_KEY_BYTES = 1024 - _LONGEST_FOLDER_BYTES - 1  # S3 takes 1024 with the folder in front
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ .]*(\..*)?", re.IGNORECASE | re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:")


def check_folder_name(name: str, what: str = "weight folder") -> None:
    """Let the name of a weight folder pass, or say why it can't be one.

    Parameters:
        what: something else that is named by the same rules.

    Raises:
        UnsafeKeyError: more than one part, a name that other systems read differently, one of ours, or too long.
    """
    why = _folder_fault(name)
    if why:
        raise UnsafeKeyError(f"{name!r} is no name of a {what}: {why}. Give one word such as 'MyModel-v1'.")


def safe_paths(keys: Iterable[str]) -> dict[str, PurePosixPath]:
    """Turn the keys inside a weight folder into relative paths that stay inside it, on every system.

    Parameters:
        keys: without the folder's own name in front: `a/b.bin`, not `Folder/a/b.bin`. Markers of directories (`a/`, and
            the empty key of the folder itself) and what lies in `.reactor/` are left out.

    Raises:
        UnsafeKeyError: a key that leaves the folder, that can't be a file here or elsewhere, or that is the same file
            as another one where case or Unicode form don't count.
    """
    paths: dict[str, PurePosixPath] = {}
    for key in keys:
        if not key or key.endswith("/") or key.startswith(f"{RESERVED}/"):
            continue
        why = "the same key comes twice" if key in paths else _key_fault(key)
        if why:
            raise UnsafeKeyError(f"the key {key!r} can't become a file: {why}. {_RENAME}")
        paths[key] = PurePosixPath(key)
    _refuse_clashes(paths)
    return paths


_RENAME = "Rename it in the registry, or upload the folder again without it."


def _folder_fault(name: str) -> str | None:
    if "/" in name:
        return "it has a slash"
    if name.startswith((".", "_")):
        return "names that begin with '.' or '_' are kept for other uses"
    if unicodedata.normalize("NFC", name) != name:
        return "its accents are separate characters, which some systems join"
    if name.endswith((" ", ".")) or name.startswith(" "):
        return "it begins or ends with a space or a dot"
    return _part_fault(name, _LONGEST_FOLDER_BYTES)


def _key_fault(key: str) -> str | None:
    if key.startswith("/"):
        return "it is an absolute path"
    if _encoded_length(key) > _LONGEST_KEY_BYTES:
        return f"it is longer than {_LONGEST_KEY_BYTES} bytes"
    parts = key.split("/")
    if _folded(parts[0]) == RESERVED:
        return f"{RESERVED} is kept for the folder's index"
    return next((why for part in parts if (why := _part_fault(part, _LONGEST_PART_BYTES))), None)


def _part_fault(part: str, longest_bytes: int) -> str | None:
    length = _encoded_length(part)
    faults = [
        (not part, "a part of it is empty"),
        (part == "..", "it has a '..'"),
        (not part.strip(" ."), f"{part!r} is no file name"),
        ("\\" in part, "it has a backslash, which separates folders elsewhere"),
        (_CONTROL.search(part), "it has a control character"),
        (_DRIVE.match(part), f"{part[:2]!r} is a drive on some systems"),
        (_DEVICE.fullmatch(part), f"{part!r} is a device on some systems"),
        (not length, "it isn't Unicode text"),
        (length > longest_bytes, f"{part[:20]!r}… is longer than {longest_bytes} bytes"),
    ]
    return next((why for found, why in faults if found), None)


def _encoded_length(text: str) -> int:
    """The length in bytes; 0 when it has none, for lack of an encoding."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return 0


def _refuse_clashes(paths: dict[str, PurePosixPath]) -> None:
    by_file: dict[tuple[str, ...], str] = {}
    for key, path in paths.items():
        other = by_file.setdefault(tuple(map(_folded, path.parts)), key)
        if other != key:
            raise UnsafeKeyError(f"the keys {other!r} and {key!r} are one file on some systems. {_RENAME}")
    for key, path in paths.items():
        folded = tuple(map(_folded, path.parts))
        for length in range(1, len(folded)):
            file = by_file.get(folded[:length])
            if file is not None:
                raise UnsafeKeyError(f"{file!r} is a file, but {key!r} needs a folder of this name. {_RENAME}")


def _folded(part: str) -> str:
    """The form in which two names are one file: case and Unicode form ignored, as are dots and spaces at the end."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", part).casefold()).rstrip(" .") or part
