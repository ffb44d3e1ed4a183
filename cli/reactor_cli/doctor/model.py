"""The model's folder, as `reactor validate` sees it."""

from collections.abc import Iterator

from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.errors import CliError
from reactor_cli.model_folder import open_model
from reactor_protocol.manifest import FILE_NAME
from reactor_runtime.errors import ManifestError
from reactor_runtime.findings import Finding as ModelFinding
from reactor_runtime.manifest import load_manifest
from reactor_runtime.requirements import check_requirements


def check_model(around: Surroundings) -> Iterator[Finding]:
    """Whether the folder can be served."""
    if around.model is None:
        yield Finding("info", "this folder holds no model", "To look at one: reactor doctor --path MODEL")
        return
    if not (around.model / FILE_NAME).is_file():
        yield _no_model(around)
        return
    try:
        manifest = load_manifest(around.model)
    except ManifestError as error:
        yield from map(_told, error.findings)
    else:
        yield ok(f"{manifest.model_name} {manifest.model_version} in {around.model}")
    yield from map(_told, check_requirements(around.model).findings)


def needed_weights(around: Surroundings) -> list[str]:
    """Return the weight folders that the model lists; none where its manifest can't be read."""
    try:
        return load_manifest(around.model).weights if around.model else []
    except ManifestError:
        return []


def _told(found: ModelFinding) -> Finding:
    return Finding(found.severity, found.message, found.remedy, found.file, found.line)


def _no_model(around: Surroundings) -> Finding:
    assert around.model is not None  # noqa: S101 - for the type checker
    try:
        open_model(around.model)
    except CliError as error:
        what, _, hint = error.message.partition("\n")
        return Finding("error", what.rstrip("."), hint, file=around.model)
    raise AssertionError
