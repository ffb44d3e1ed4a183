"""What a check can say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["ok", "info", "warning", "error"]
"""`info`: worth knowing; `warning`: something may not work; `error`: `reactor run` doesn't, or not with this model."""

Say = Callable[[str], None]
"""Takes a line about what is going on."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair that loses nothing anybody needs.

    Args:
        what: In the imperative, for instance "remove …".
        act: Does it. May raise OSError or CliError.
    """

    what: str
    act: Callable[[Say], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Args:
        message: What was found, and where.
        remedy: What to do next; empty where there is nothing to do.
        file: The file to open, if one is to blame.
        line: The line in it, from 1.
        fix: What `--fix` would do about it.
    """

    severity: Severity
    message: str
    remedy: str = ""
    file: Path | None = None
    line: int | None = None
    fix: Fix | None = None

    def as_json(self, check: str) -> Mapping[str, object]:
        """Return what `--json` prints of it."""
        return {
            "check": check,
            "severity": self.severity,
            "message": self.message,
            "remedy": self.remedy or None,
            "file": str(self.file) if self.file else None,
            "line": self.line,
            "fixable": self.fix is not None,
        }


def ok(message: str) -> Finding:
    """Say that something is as it should be."""
    return Finding("ok", message)
