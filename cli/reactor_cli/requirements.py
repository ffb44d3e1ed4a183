"""What a model requires, before its stack starts: what is missing is told, or installed where that was asked for."""

from collections.abc import Callable
from pathlib import Path

from reactor_cli.errors import CliError
from reactor_cli.status import Notice
from reactor_runtime.findings import Finding


def see_to_requirements(folder: Path, notify: Callable[[Notice], None], *, install: bool) -> None:
    """Hold the model's requirements.txt against this environment; install what is missing if `install`.

    What is missing is no error: models list things that they don't import, and an import that fails says the rest.

    Raises:
        CliError: the installation failed.
    """
    if not (folder / "requirements.txt").exists():
        return
    from reactor_runtime.errors import RequirementsError  # noqa: PLC0415 - 20 ms that only these models pay
    from reactor_runtime.requirements import check_requirements  # noqa: PLC0415

    report = check_requirements(folder)
    if install and (report.unmet or report.unchecked):
        from reactor_runtime.requirements.install import install as run_installer  # noqa: PLC0415

        try:
            run_installer(report, lambda command: notify(Notice("installing", f"Installing requirements: {command}")))
        except RequirementsError as error:
            raise CliError(f"{folder / 'requirements.txt'}: {error}") from None
        report = check_requirements(folder)
    warnings = [finding for finding in report.findings if finding.severity == "warning"]
    if warnings:
        notify(_notice(warnings, report.command if report.unmet else ""))


def _notice(warnings: list[Finding], command: str) -> Notice:
    """One for all of it."""
    lines = [f"{finding.place}: {finding.message}" for finding in warnings]
    if command:
        lines.append(f"Install what is missing: {command}   (or start with --install)")
    fields = {"findings": lines[: len(warnings)], "command": command}
    return Notice("requirements", "\n".join(lines), "warning", fields)
