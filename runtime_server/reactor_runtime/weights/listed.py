"""The weight folders that a model's manifest lists, for the model's own code: in a worker, in a script, in a shell."""

import difflib
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from reactor_protocol.manifest import FILE_NAME
from reactor_runtime.errors import WeightsError
from reactor_runtime.manifest import load_manifest
from reactor_runtime.weights.cache import cache_root, complete
from reactor_runtime.weights.names import check_folder_name
from reactor_runtime.weights.registry import Registry, RegistryProgress
from reactor_runtime.weights.report import download_of
from reactor_runtime.weights.words import Milestones, download_words


def listed_folder(name: str, model: type, caller: FrameType | None) -> Path:
    """The complete folder called `name`; it is fetched if it isn't here and the manifest lists it.

    Args:
        name: of a weight folder.
        model: the class that is asked; the manifest is looked for beside its module,
        caller: then beside the code that asks, then in the working directory.

    Raises:
        ManifestError: the manifest is wrong.
        WeightsError: it isn't listed, or can't be had; the text says what to do.
    """
    check_folder_name(name)
    places = list(dict.fromkeys([*_module_folders(model), *_code_folder(caller), Path.cwd()]))
    folder = next((place for place in places if (place / FILE_NAME).is_file()), None)
    if folder is None:
        return _unlisted(name, places)
    names = load_manifest(folder).weights
    if name not in names:
        raise WeightsError(_not_listed(name, names, folder / FILE_NAME))
    return Registry().fetch([name], on_progress=_Lines())[name]


def _module_folders(model: type) -> Iterable[Path]:
    """Where the imports of the class and of its bases began: `model.py` and `package/model.py` lie in one folder."""
    for cls in model.__mro__:
        module = sys.modules.get(cls.__module__)
        file = getattr(module, "__file__", None)  # `object` comes from a module without one
        if module is not None and file is not None and not module.__name__.startswith("reactor_runtime."):
            yield _import_root(Path(file), module.__name__)


def _code_folder(frame: FrameType | None) -> Iterable[Path]:
    names = frame.f_globals if frame is not None else {}
    file, module = names.get("__file__"), names.get("__name__")
    if isinstance(file, str) and isinstance(module, str):
        yield _import_root(Path(file), module)


def _import_root(file: Path, module: str) -> Path:
    depth = module.count(".") + (file.name == "__init__.py")
    return file.resolve().parents[depth]


def _unlisted(name: str, places: Iterable[Path]) -> Path:
    """Without a manifest nothing is fetched, but what is here can be used."""
    found = complete(name)
    if found is None:
        raise WeightsError(
            f"the weight folder {name!r} isn't complete in {cache_root()}, and there is no {FILE_NAME} that lists it "
            f"(looked in {', '.join(map(str, places))}). Fetch it: reactor download --weights {name}"
        )
    return found


def _not_listed(name: str, names: list[str], file: Path) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    hint = f' Did you mean "{close[0]}"?' if close else ' Add it to "weights" there.'
    listed = f"It lists {', '.join(names)}." if names else "It lists none."
    return f"the weight folder {name!r} isn't listed in {file}. {listed}{hint}"


class _Lines:
    """Tells a script's user how far it is, now and then, on standard error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milestones = Milestones()

    def __call__(self, progress: RegistryProgress) -> None:
        with self._lock:
            if self._milestones.reached(progress.fraction, time.monotonic()):
                sys.stderr.write(f"fetching weights: {download_words(download_of(progress))}\n")
