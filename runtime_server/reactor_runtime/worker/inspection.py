"""`python -P -m reactor_runtime.worker.inspection <folder>`: what can be said of a model's class without `__init__`."""

import inspect
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from reactor_protocol.manifest import FILE_NAME, Manifest
from reactor_runtime.arguments import ArgumentModel
from reactor_runtime.commands import CommandMethod, collect_commands
from reactor_runtime.errors import CommandDefinitionError, LoadError
from reactor_runtime.findings import Finding
from reactor_runtime.loader import check_args, enter_folder, load_class
from reactor_runtime.manifest import load_manifest
from reactor_runtime.model import VideoModel


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found."""

    commands: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


INSPECTION = TypeAdapter(Inspection)
"""To and from the JSON that the process prints."""


def inspect_model(folder: Path) -> Inspection:
    """Import the class of the model in `folder` into this process and look at it.

    Raises:
        ManifestError: the manifest is missing or wrong.
    """
    manifest = load_manifest(folder)
    enter_folder(folder)
    try:
        cls = load_class(folder, manifest)
        commands = collect_commands(cls)
    except LoadError as error:
        return Inspection(findings=[as_finding(error, folder)])
    found = [as_finding(error, folder) for error in check_args(cls, folder, manifest.args)]
    for command in commands.values():
        found += _command(cls, command)
    return Inspection(list(commands), [*found, *_signature(cls), *_camera(cls, manifest, folder)])


def as_finding(error: LoadError, folder: Path) -> Finding:
    """The error with its place apart from its words."""
    message = error.message
    if error.file is not None:
        file = error.file.relative_to(folder) if error.file.is_relative_to(folder) else error.file
        message = message.removeprefix(f"{file}, line {error.line}: ")
    return Finding("error", message, file=error.file, line=error.line)


def _command(cls: type, command: CommandMethod) -> Iterator[Finding]:
    try:
        ArgumentModel(command, cls)
    except CommandDefinitionError as error:
        yield Finding("error", str(error), "", *_where(command.function))


def _signature(cls: type[VideoModel]) -> Iterator[Finding]:
    """`start_session` is called without arguments."""
    parameters = list(inspect.signature(cls.start_session).parameters.values())[1:]
    fixed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [one.name for one in parameters if one.default is one.empty and one.kind not in fixed]
    if needed:
        text = f"{cls.__name__}.start_session is called without arguments, but it needs {', '.join(needed)}."
        yield Finding("error", text, "Give them defaults, or set them in __init__.", *_where(cls.start_session))


def _camera(cls: type[VideoModel], manifest: Manifest, folder: Path) -> Iterator[Finding]:
    """Whether manifest and class agree on the viewer's camera."""
    defined = cls.on_frame is not VideoModel.on_frame
    if manifest.video_input and not defined:
        text = f'"video_input" is true, but {cls.__name__} has no on_frame: the camera would be asked for in vain.'
        yield Finding("warning", text, "Define `def on_frame(self, frame)`, or leave the key out.", folder / FILE_NAME)
    if defined and not manifest.video_input:
        text = f"{cls.__name__}.on_frame is never called: the manifest doesn't ask for a camera."
        yield Finding("warning", text, f'Write "video_input": true into {FILE_NAME}.', *_where(cls.on_frame))


def _where(function: object) -> tuple[Path | None, int | None]:
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    return (Path(code.co_filename), code.co_firstlineno) if code else (None, None)


def main() -> int:
    """Print the inspection and nothing else on stdout: what the model's import prints goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while libraries are imported is no error of the model
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    found = inspect_model(Path(sys.argv[1]).resolve())
    with out:
        out.write(INSPECTION.dump_json(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
