"""The model's folder, as `reactor validate` sees it."""

from collections.abc import Iterator

from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.errors import CliError
from reactor_cli.model_folder import open_model
from reactor_cli.validation import validate
from reactor_protocol.manifest import FILE_NAME
from reactor_runtime.errors import ManifestError
from reactor_runtime.manifest import load_manifest

_IMPORT_S = 30.0  # torch takes 3 s; from a cold network disk longer


def check_model(around: Surroundings) -> Iterator[Finding]:
    """Whether the folder can be served."""
    if around.model is None:
        yield Finding("info", "this folder holds no model", "To look at one: reactor doctor --path MODEL")
        return
    if not (around.model / FILE_NAME).is_file():
        yield _no_model(around)
        return
    verdict = validate(around.model.absolute(), import_s=_IMPORT_S)
    manifest = verdict.manifest
    if manifest and verdict.ok:
        number = len(verdict.commands)
        commands = f", {number} command{'s' if number > 1 else ''}" if number else ""
        yield ok(f"{manifest.model_name} {manifest.model_version} in {around.model}{commands}")
    for found in verdict.findings:
        if found.pointer != "/weights":  # those have checks of their own
            yield Finding(found.severity, found.message, found.remedy, found.file, found.line)


def needed_weights(around: Surroundings) -> list[str]:
    """Return the weight folders that the model lists; none where its manifest can't be read."""
    try:
        return load_manifest(around.model).weights if around.model else []
    except ManifestError:
        return []


def _no_model(around: Surroundings) -> Finding:
    assert around.model is not None  # noqa: S101 - for the type checker
    try:
        open_model(around.model)
    except CliError as error:
        what, _, hint = error.message.partition("\n")
        return Finding("error", what.rstrip("."), hint, file=around.model)
    raise AssertionError
