"""What can be said of a model's folder without running the model."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reactor_protocol.manifest import FILE_NAME, Manifest
from reactor_protocol.schema import MANIFEST_SCHEMA, manifest_schema
from reactor_runtime.errors import ManifestError
from reactor_runtime.findings import Finding, has_errors
from reactor_runtime.manifest import load_manifest
from reactor_runtime.requirements import check_requirements
from reactor_runtime.weights.cache import cache_root, complete
from reactor_runtime.worker.inspection import INSPECTION, Inspection

_IMPORT_S = 600.0  # torch and friends from a cold disk take a minute


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `validate` found.

    Args:
        folder: The model's, absolute.
        manifest: None where it is wrong.
        commands: Names, in the order of their definition.
        requirements_met: How many lines of requirements.txt are satisfied.
        findings: Manifest first, then requirements, weights and code.
    """

    folder: Path
    manifest: Manifest | None
    commands: tuple[str, ...]
    requirements_met: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Nothing in it keeps the model from running."""
        return not has_errors(self.findings)


def validate(folder: Path, *, import_s: float = _IMPORT_S) -> Verdict:
    """Check manifest, requirements, weights and code of the model in `folder`; imports its module in a child.

    Args:
        import_s: How long that may take.
    """
    report = check_requirements(folder)
    try:
        manifest = load_manifest(folder)
    except ManifestError as error:
        return Verdict(folder, None, (), report.met, (*error.findings, *report.findings))
    code = _inspect(folder, import_s)
    findings = (*_schema(folder, manifest), *report.findings, *_weights(manifest), *code.findings)
    return Verdict(folder, manifest, tuple(code.commands), report.met, findings)


def _schema(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Whether the copy that `reactor init` made for editors is still ours."""
    if manifest.schema_uri != f"./{MANIFEST_SCHEMA}":
        return
    file = folder / MANIFEST_SCHEMA
    try:
        same = file.read_text("utf-8") == manifest_schema()
    except (OSError, UnicodeDecodeError):
        same = False
    if not same:
        remedy = f"Write it again: {sys.executable} -m reactor_protocol.schema manifest > {file}"
        yield Finding("info", "the schema for editors is missing or of another version.", remedy, file)


def _weights(manifest: Manifest) -> Iterator[Finding]:
    for name in manifest.weights:
        if complete(name) is None:
            text = f"the weights {name} aren't complete in {cache_root()}."
            remedy = f"`reactor run` fetches them, or now: reactor download --weights {name}"
            yield Finding("info", text, remedy, pointer="/weights")


def _inspect(folder: Path, limit_s: float) -> Inspection:
    command = [sys.executable, "-P", "-m", "reactor_runtime.worker.inspection", str(folder)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired:
        text = f"importing the model's code took more than {limit_s:.0f} s."
        return Inspection(findings=[Finding("error", text, "Do the work in __init__.", folder / FILE_NAME)])
    if done.returncode or not done.stdout:
        text = f"the model's code ended the process while it was imported (exit code {done.returncode})."
        return Inspection(findings=[Finding("error", text, "Its last words are above.", folder)])
    return INSPECTION.validate_json(done.stdout)
