"""What can go wrong between a model folder and a running session.

ReactorError
├── LoadError                  the folder can't become a running model; knows file and line
│   ├── ManifestError          manifest.json is missing or wrong
│   └── ModelLoadError         the class can't be imported or made
├── RequirementsError          what requirements.txt asks for can't be installed
├── CommandDefinitionError     a method marked with `@command` can't be one (also a TypeError)
└── WeightsError               a weight folder isn't there or isn't complete

SessionStopped                 (a BaseException) the session is over; let it pass
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from reactor_runtime.findings import Finding


class ReactorError(Exception):
    """Anything this package raises for a model author to act on."""


class LoadError(ReactorError):
    """A folder that can't become a running model.

    Parameters:
        message: what happened, where, and what to do about it.
        file: the file to open, if one is to blame.
        line: the line in it, from 1.
    """

    def __init__(self, message: str, file: Path | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line


class ManifestError(LoadError):
    """`manifest.json` is missing or wrong.

    Parameters:
        findings: each thing that is wrong with it, in the order of lines.
    """

    def __init__(
        self, message: str, file: Path | None = None, line: int | None = None, findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(message, file, line)
        self.findings = tuple(findings)

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Self:
        """All of `findings`, of which there is at least one: a line each."""
        return cls("\n".join(map(str, findings)), findings[0].file, findings[0].line, findings)


class ModelLoadError(LoadError):
    """The model's class can't be imported or made."""


class RequirementsError(ReactorError):
    """What requirements.txt asks for can't be installed; the text says why and what to do."""


class CommandDefinitionError(ReactorError, TypeError):
    """A method that can't be a command; the text names class, method, file and line."""


class WeightsError(ReactorError):
    """A weight folder that isn't there or isn't complete."""


class SessionStopped(BaseException):
    """The session is over: raised by the context's methods so that `start_session` ends.

    Not an `Exception`, so that `except Exception` in a model's loop doesn't swallow it; `finally` runs.
    """
