"""What is wrong with a model's folder, or worth knowing about it: said so that a person and a program can act on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "info"]
"""`error`: the model can't run. `warning`: it may not. `info`: worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    `message` and `remedy` say all of it in words; the rest is the same for programs.
    """

    severity: Severity
    message: str
    remedy: str = ""
    """What to do about it; empty where the message says it."""
    file: Path | None = None
    line: int | None = None
    """From 1."""
    pointer: str | None = None
    """Where in a JSON file, as RFC 6901 writes it: `/args/fps`."""
    expected: str | None = None
    found: str | None = None
    suggestion: str | None = None
    """What was probably meant."""

    @property
    def place(self) -> str:
        """`manifest.json, line 3`; empty when no file is to blame."""
        if self.file is None:
            return ""
        return f"{self.file.name}, line {self.line}" if self.line else self.file.name

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text} {self.remedy}" if self.remedy else text


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether one of them keeps the model from running."""
    return any(finding.severity == "error" for finding in findings)


def json_pointer(path: Iterable[str | int]) -> str:
    """A path of keys and indices as RFC 6901 writes it; empty for the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
