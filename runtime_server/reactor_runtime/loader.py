"""From a folder and `module:Class` to a class and an instance, with errors that tell what to fix."""

import difflib
import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from reactor_protocol.manifest import FILE_NAME, Manifest
from reactor_runtime.errors import ModelLoadError
from reactor_runtime.json_source import locate
from reactor_runtime.model import VideoModel

_PACKAGES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dotenv": "python-dotenv",
    "google.protobuf": "protobuf",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Import names whose package is called otherwise, as listed on PyPI."""


def enter_folder(folder: Path) -> None:
    """Make the model's folder the working directory and the first place where modules are looked for."""
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()


def load_class(folder: Path, manifest: Manifest) -> type[VideoModel]:
    """Import the class that the manifest names; `enter_folder` was called before.

    Raises:
        ModelLoadError: the module or the class isn't there, isn't a model, or its import failed.
    """
    module_name, _, class_name = manifest.class_path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:  # sys.exit and panics of Rust code are no `Exception`
        raise _import_failed(error, folder, module_name) from error
    return _model_class(module, class_name, folder)


def make_model(cls: type[VideoModel], folder: Path, args: Mapping[str, Any]) -> VideoModel:
    """Call the class with the manifest's `args`.

    Raises:
        ModelLoadError: the arguments don't fit `__init__`, or it raised.
    """
    wrong = check_args(cls, folder, args)
    if wrong:
        raise ModelLoadError("\n".join(map(str, wrong)), wrong[0].file, wrong[0].line)
    try:
        return cls(**args)
    except BaseException as error:  # sys.exit and panics of Rust code are no `Exception`
        raise failure(error, folder, f"{cls.__name__}.__init__ failed") from error


def failure(error: BaseException, folder: Path, what: str) -> ModelLoadError:
    """`error`, with the line of the author's code that it came from."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing_module(error, error.name, folder)
    file, line = user_location(error, folder)
    where = f"{_relative(file, folder)}, line {line}: " if file else ""
    return ModelLoadError(f"{where}{what}: {_cause(error)}", file, line)


def user_location(error: BaseException, folder: Path) -> tuple[Path | None, int | None]:
    """File and line (from 1) of the innermost call that is in `folder`, packages installed there left out."""
    if isinstance(error, SyntaxError) and error.filename and _is_users(Path(error.filename), folder):
        return Path(error.filename), error.lineno
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        file = Path(frame.f_code.co_filename)
        if _is_users(file, folder):
            return file, line
    return None, None


def _is_users(file: Path, folder: Path) -> bool:
    file = file if file.is_absolute() else folder / file
    return file.is_relative_to(folder) and "site-packages" not in file.parts


def _relative(file: Path, folder: Path) -> Path:
    return file.relative_to(folder) if file.is_relative_to(folder) else file


def _cause(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r}); a model must not end its process"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _import_failed(error: BaseException, folder: Path, module_name: str) -> ModelLoadError:
    if isinstance(error, ModuleNotFoundError) and error.name and f"{module_name}.".startswith(f"{error.name}."):
        return _no_such_module(folder, module_name)
    return failure(error, folder, f"importing {module_name} failed")


def _no_such_module(folder: Path, module_name: str) -> ModelLoadError:
    names = _modules(folder)
    expected = f"{module_name.replace('.', '/')}.py"
    hint = _near(module_name, names) or (f" Modules there: {', '.join(names)}." if names else "")
    file, line = _manifest_line(folder, ("class",))
    return ModelLoadError(
        f'{FILE_NAME}, line {line}: key "class": there is no {expected} in {folder}.{hint}', file, line
    )


def _missing_module(error: ModuleNotFoundError, name: str, folder: Path) -> ModelLoadError:
    file, line = user_location(error, folder)
    where = f"{_relative(file, folder)}, line {line}: " if file else ""
    package = name.partition(".")[0]
    near = _near(name, _modules(folder), cutoff=0.8)
    if near:
        hint = near.strip()
    elif package != name and package in sys.modules:
        hint = f"The installed {package} has no such part; another version of it may."
    else:
        hint = _install_hint(name, folder)
    return ModelLoadError(f"{where}there is no module named {name!r}. {hint}", file, line)


def _install_hint(name: str, folder: Path) -> str:
    """The command for the module `name`: as requirements.txt spells its package, if it is listed there.

    A name that nothing knows as a package may be a file that the author has yet to write.
    """
    from packaging.utils import canonicalize_name  # noqa: PLC0415 - only a failure pays for it

    from reactor_runtime.requirements.command import install_command  # noqa: PLC0415
    from reactor_runtime.requirements.lines import FILE_NAME as REQUIREMENTS  # noqa: PLC0415
    from reactor_runtime.requirements.lines import read_requirements  # noqa: PLC0415

    module = name.partition(".")[0]
    known = _PACKAGES.get(name) or _PACKAGES.get(module)
    package = known or module
    wanted = {canonicalize_name(one) for one in (package, name, f"{package}-headless")}
    for line in read_requirements(folder / REQUIREMENTS).lines:
        if line.requirement is not None and canonicalize_name(line.requirement.name) in wanted:
            return f"Install it: {install_command([line.wanted])}"
    unless = "" if known else f", unless it should be {module}.py in the model's folder"
    return f"Install it{unless}: {install_command([package])}"


def _modules(folder: Path) -> list[str]:
    files = [path.stem for path in sorted(folder.glob("*.py"))]
    dotted = [".".join(path.relative_to(folder).with_suffix("").parts) for path in sorted(folder.glob("[!.]*/*.py"))]
    return files + dotted[:100]  # enough for a hint, whatever lies in the folder


def _near(name: str, names: list[str], *, cutoff: float = 0.6) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
    return f' Did you mean "{near[0]}"?' if near else ""


def _manifest_line(folder: Path, path: tuple[str | int, ...]) -> tuple[Path, int | None]:
    file = folder / FILE_NAME
    try:
        return file, locate(file.read_text("utf-8-sig")).line(path)
    except (OSError, ValueError, IndexError):
        return file, None


def _model_class(module: ModuleType, class_name: str, folder: Path) -> type[VideoModel]:
    file, line = _manifest_line(folder, ("class",))
    origin = Path(module.__file__) if module.__file__ else folder
    where = f'{FILE_NAME}, line {line}: key "class": {_relative(origin, folder)}'
    found = getattr(module, class_name, None)
    if found is None:
        classes = [name for name, value in vars(module).items() if inspect.isclass(value) and value is not VideoModel]
        models = [name for name in classes if issubclass(getattr(module, name), VideoModel)]
        hint = _near(class_name, classes) or (f" Models there: {', '.join(models)}." if models else "")
        raise ModelLoadError(f"{where} has no class {class_name}.{hint}", file, line)
    if not inspect.isclass(found):
        raise ModelLoadError(f"{where}: {class_name} is no class but of type {type(found).__name__}.", file, line)
    if not issubclass(found, VideoModel):
        text = f"{where}: {class_name} isn't a model. Write `class {class_name}(VideoModel)`, from reactor_runtime."
        raise ModelLoadError(text, file, line)
    if found.start_session is VideoModel.start_session:
        raise ModelLoadError(
            f"{where}: {class_name} has no start_session. Define `def start_session(self)`.", file, line
        )
    return found


def check_args(cls: type[VideoModel], folder: Path, args: Mapping[str, Any]) -> list[ModelLoadError]:
    """In what the manifest's `args` and the signature of `__init__` differ, each thing by itself."""
    parameters = dict(list(inspect.signature(cls.__init__).parameters.items())[1:])
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    named = [
        name
        for name, one in parameters.items()
        if one.kind in {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    ]
    errors = []
    for key in () if takes_any else args:
        if key not in named:
            hint = _near(key, named) or (f" It takes {', '.join(named)}." if named else " It takes none.")
            errors.append(_arg_error(folder, ("args", key), f"{cls.__name__}.__init__ takes no {key!r}.{hint}"))
    missing = [name for name in named if parameters[name].default is inspect.Parameter.empty and name not in args]
    if missing:
        needs = f"{cls.__name__}.__init__ needs {', '.join(missing)}. Add it there."
        errors.append(_arg_error(folder, ("args",), needs))
    return errors


def _arg_error(folder: Path, path: tuple[str, ...], text: str) -> ModelLoadError:
    file, line = _manifest_line(folder, path)
    return ModelLoadError(f'{FILE_NAME}, line {line}: key "{".".join(path)}": {text}', file, line)
