"""From a template to a new model's folder: all of it or nothing."""

import keyword
import re
import tempfile
import unicodedata
from importlib import resources
from pathlib import Path

from reactor_cli.errors import CliError, UsageProblem
from reactor_protocol.schema import MANIFEST_SCHEMA, manifest_schema

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)  # no folder can be called so on Windows
_LEFT_OUT = {"__pycache__", ".pytest_cache", "registry"}  # of templates that were tried out where they lie
# The templates are models that run as they stand; these are what they are called in them.
_TEMPLATE_NAME, _TEMPLATE_MODULE, _TEMPLATE_CLASS = "my-model", "my_model", "MyModel"


def make_model_folder(path: Path, template: str) -> Path:
    """Write a new model to `path`, whose last part is its name; return the absolute folder.

    Raises:
        UsageProblem: the name can't be one, the folder is there already, or there is none to put it into.
        CliError: it can't be written.
    """
    folder = Path(path.expanduser().absolute())
    _check_name(path, folder)
    if folder.exists() or folder.is_symlink():
        raise UsageProblem(f"{path} is there already, and is left as it is. Another name: {_free_name(path)}")
    if not folder.parent.is_dir():
        raise UsageProblem(f"{path}: there is no folder {folder.parent}. Make it first: mkdir -p {path.parent}")
    try:
        _write(folder, template)
    except OSError as error:
        raise CliError(f"{folder} can't be written: {error.strerror}.") from None
    return folder


def _write(folder: Path, template: str) -> None:
    """Beside it first, so that an interruption leaves no half of a folder under its name."""
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        made = Path(beside, "model")
        made.mkdir()
        source = resources.files("reactor_cli").joinpath("templates", template)
        texts = {one.name: one.read_text("utf-8") for one in source.iterdir() if one.name not in _LEFT_OUT}
        names = _names(folder.name, "".join(texts.values()))
        for file, text in texts.items():
            (made / _renamed(file, names)).write_text(_renamed(text, names), "utf-8")
        (made / MANIFEST_SCHEMA).write_text(manifest_schema(), "utf-8")
        made.rename(folder)


def _names(name: str, source: str) -> dict[str, str]:
    """What the template's names become."""
    module = name.lower().replace("-", "_")
    words = re.split(r"[-_]+", name)
    cls = "".join(word[:1].upper() + word[1:] for word in words)
    if keyword.iskeyword(cls) or re.search(rf"\b{cls}\b", source.replace(_TEMPLATE_CLASS, "")):
        cls += "Model"  # the template uses this name for something else
    return {_TEMPLATE_NAME: name, _TEMPLATE_MODULE: module, _TEMPLATE_CLASS: cls}


def _renamed(text: str, names: dict[str, str]) -> str:
    return re.sub("|".join(names), lambda match: names[match[0]], text)


def _check_name(path: Path, folder: Path) -> None:
    name = path.name
    if _NAME.fullmatch(name) and not _DEVICES.fullmatch(name):
        return
    near = _suggestion(name or folder.name)
    raise UsageProblem(
        f"{str(path)!r} can't be a model's name: letters, digits, - and _, a letter first, 64 at most. "
        f"Did you mean: reactor init {near}"
    )


def _suggestion(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:58].rstrip("-")
    if not plain:
        return _TEMPLATE_NAME
    return plain if _NAME.fullmatch(plain) and not _DEVICES.fullmatch(plain) else f"model-{plain}"


def _free_name(path: Path) -> Path:
    numbered = (path.with_name(f"{path.name}-{number}") for number in range(2, 100))
    return next((one for one in numbered if not one.exists()), path.with_name(f"{path.name}-new"))
