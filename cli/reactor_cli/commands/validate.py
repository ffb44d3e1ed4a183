"""`reactor validate`: check a model's folder without running the model."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reactor_cli.validation import Verdict
    from reactor_runtime.findings import Finding

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


@click.command(
    help="Check the model in PATH (default: this folder) without running it: manifest, requirements, weights, class, "
    "args and commands. Its module is imported. Ends with 1 if there is an error, with 0 if there are warnings at most."
)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def validate(path: Path, *, as_json: bool) -> None:
    """Examine and report."""
    from reactor_cli.model_folder import find_model  # noqa: PLC0415 - `--help` needs none of it
    from reactor_cli.validation import validate as examine  # noqa: PLC0415

    verdict = examine(find_model(path))
    if as_json:
        click.echo(json.dumps(_as_json(verdict), indent=2))
    else:
        for finding in verdict.findings:
            click.echo(_as_text(finding, verdict.folder))
        click.echo(_summary(verdict))
    sys.exit(0 if verdict.ok else 1)


def _as_json(verdict: "Verdict") -> dict[str, Any]:
    return {
        "ok": verdict.ok,
        "folder": str(verdict.folder),
        "model": verdict.manifest and {"name": verdict.manifest.model_name, "version": verdict.manifest.model_version},
        "commands": list(verdict.commands),
        "findings": [_finding_as_json(finding) for finding in verdict.findings],
    }


def _finding_as_json(finding: "Finding") -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "message": finding.message,
        "remedy": finding.remedy or None,
        "file": str(finding.file) if finding.file else None,
        "line": finding.line,
        "pointer": finding.pointer,
        "expected": finding.expected,
        "found": finding.found,
        "suggestion": finding.suggestion,
    }


def _as_text(finding: "Finding", folder: Path) -> str:
    place = ""
    if finding.file is not None:
        file = finding.file.relative_to(folder) if finding.file.is_relative_to(folder) else finding.file
        place = f"{file}:{finding.line}: " if finding.line else f"{file}: "
    severity = click.style(finding.severity, fg=_COLOURS[finding.severity], bold=True)
    remedy = f"\n  {finding.remedy}" if finding.remedy else ""
    return f"{severity}: {place}{finding.message}{remedy}"


def _summary(verdict: "Verdict") -> str:
    severities = [finding.severity for finding in verdict.findings]
    counts = [_count(severities.count(one), one) for one in ("error", "warning") if one in severities]
    told = " and ".join(counts) or click.style("all well", fg="green", bold=True)
    manifest = verdict.manifest
    if manifest is None:
        return f"{verdict.folder.name}: {told}"
    parts = [
        _count(len(verdict.commands), "command"),
        _count(verdict.requirements_met, "requirement") + " met",
        _count(len(manifest.weights), "weight folder"),
    ]
    return f"{manifest.model_name} {manifest.model_version}: {told} ({', '.join(parts)})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
