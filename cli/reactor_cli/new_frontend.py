"""From the smallest page to a new front end's folder, with the browser SDK in it: all of it or nothing."""

import json
import subprocess
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from reactor_cli.errors import CliError
from reactor_cli.new_folder import make_folder

SDK = "@reactor-local/js-sdk"
_LEFT_OUT = {"node_modules", "dist", "package-lock.json"}  # of the example, which is built where it lies
_ANY_MODEL = "my-model"  # what it is called there


def make_frontend_folder(path: Path) -> tuple[Path, str | None]:
    """Write a page to `path`, whose last part is its name.

    Returns:
        the absolute folder, and the name of the model that the page asks for: that of the folder around it, or the only
        one beside it. None: there is none, or more than one.

    Raises:
        UsageProblem: the name can't be one, the folder is there already, or there is none to put it into.
        CliError: it can't be written.
    """
    model = _model_around(path.expanduser().absolute().parent)
    fill = partial(_fill, packed_sdk(), model)
    return make_folder(path, fill, what="page", command="reactor init --frontend"), model


def packed_sdk() -> Traversable:
    """The browser SDK as npm packs it. A wheel has it; in a clone it is packed now, if its sources are newer.

    Raises:
        CliError: it isn't there: it can't be packed in this clone, or nobody did before this wheel was built.
    """
    package = resources.files("reactor_cli")
    script = Path(str(package)).parents[1] / "scripts" / "pack"
    if script.is_file() and subprocess.run([script], check=False).returncode:
        raise CliError(f"The browser SDK can't be packed. To try it alone: {script}")
    folder = package / "sdk"
    packed = [file for file in folder.iterdir() if file.name.endswith(".tgz")] if folder.is_dir() else []
    if not packed:
        raise CliError("This installation has no browser SDK. A clone has one: https://nodejs.org, then scripts/pack")
    return packed[0]


def _fill(sdk: Traversable, model: str | None, made: Path, name: str) -> None:
    (made / "sdk").mkdir()
    (made / "sdk" / sdk.name).write_bytes(sdk.read_bytes())
    _copy(resources.files("reactor_cli").joinpath("templates", "frontend"), made, model or _ANY_MODEL)
    package = json.loads((made / "package.json").read_text("utf-8"))
    package["name"] = name.lower()
    package["dependencies"][SDK] = f"file:sdk/{sdk.name}"
    (made / "package.json").write_text(json.dumps(package, indent=2) + "\n", "utf-8")


def _copy(source: Traversable, target: Path, model: str) -> None:
    for one in source.iterdir():
        if one.name in _LEFT_OUT:
            continue
        if one.is_dir():
            (target / one.name).mkdir()
            _copy(one, target / one.name, model)
        else:
            (target / one.name).write_text(one.read_text("utf-8").replace(_ANY_MODEL, model), "utf-8")


def _model_around(folder: Path) -> str | None:
    own = _model_name(folder / "manifest.json")
    beside = [name for file in sorted(folder.glob("*/manifest.json")) if (name := _model_name(file))]
    return own or (beside[0] if len(beside) == 1 else None)


def _model_name(manifest: Path) -> str | None:
    try:
        name = json.loads(manifest.read_text("utf-8"))["model_name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and name.isprintable() and not set(name) & set("\"'<>{}&\\") else None
