"""Shows findings: aligned lines for people, one object for programs."""

import json
import sys
import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from reactor_cli.doctor.examine import Examined
from reactor_cli.doctor.finding import Finding, Severity

_MARKS: dict[Severity, tuple[str, str, str]] = {
    "ok": ("✓", "ok", "green"),
    "info": ("·", "--", "dim"),
    "warning": ("!", "!", "yellow"),
    "error": ("✗", "X", "bold red"),
}
"""Mark, the same in ASCII, style."""
_WIDEST = 110  # characters; longer lines tire the eye
_NARROWEST = 40


class Report:
    """Prints checks as they come, then the sum.

    Args:
        titles: Of all that will come, for the alignment.
        subject: What nothing stands in the way of, if all is well.
    """

    def __init__(self, console: Console, titles: Sequence[str], subject: str = "`reactor run`") -> None:
        self._console = console
        self._subject = subject
        self._title = max(len(title) for title in titles)
        self._ascii = console.options.ascii_only
        self._seen: list[Finding] = []

    def show(self, examined: Examined) -> None:
        """Print what a check found; the title only once."""
        title = examined.check.title
        self._seen += examined.findings
        for finding in examined.findings:
            self._show(title, finding)
            title = ""

    def close(self) -> None:
        """Print the sum."""
        errors, warnings = (sum(one.severity == kind for one in self._seen) for kind in ("error", "warning"))
        if not errors and not warnings:
            self._print(Text(f"Nothing stands in the way of {self._subject}.", "green"))
            return
        words = [_counted(errors, "error"), _counted(warnings, "warning")]
        fixable = any(one.fix for one in self._seen if one.severity in ("warning", "error"))
        hint = ". What can be repaired safely: reactor doctor --fix" if fixable else ""
        self._print(Text(" and ".join(word for word in words if word) + hint, "bold red" if errors else "yellow"))

    def _show(self, title: str, finding: Finding) -> None:
        mark, plain, style = _MARKS[finding.severity]
        indent = " " * (self._title + 5)
        place = _place(finding)
        lines = [line for part in (finding.message + place).splitlines() for line in self._wrapped(part, len(indent))]
        text = Text(f"{plain if self._ascii else mark:<2} ", style)
        text.append(f"{title:<{self._title}}  ", "bold" if finding.severity in ("warning", "error") else "")
        text.append(f"\n{indent}".join(lines), "dim" if finding.severity == "info" else "")
        self._print(text)
        for part in finding.remedy.splitlines():
            for line in self._wrapped(part, len(indent)):
                self._print(Text(indent + line, "cyan"))

    def _wrapped(self, text: str, indent: int) -> list[str]:
        """Break for a terminal only: what reads a pipe wants whole lines."""
        if not self._console.is_terminal:
            return [text]
        width = max(min(self._console.width, _WIDEST) - indent, _NARROWEST)
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, highlight=False)


def as_json_text(every: Sequence[Examined], fixed: Sequence[str]) -> str:
    """Return all of it as one object."""
    findings = [(one.check.name, finding) for one in every for finding in one.findings]
    counts = {
        f"{severity}s": sum(finding.severity == severity for _, finding in findings)
        for severity in ("error", "warning")
    }
    listed = [finding.as_json(name) for name, finding in findings]
    return json.dumps({"ok": not counts["errors"], **counts, "fixed": list(fixed), "findings": listed}, indent=2)


def plain_console() -> Console:
    """Return one for standard output, that no character can break."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    return Console()


def _place(finding: Finding) -> str:
    if finding.file is None or str(finding.file) in finding.message:
        return ""
    return f" ({finding.file}:{finding.line})" if finding.line else f" ({finding.file})"


def _counted(count: int, word: str) -> str:
    return "" if not count else f"{count} {word}{'s' if count > 1 else ''}"
