"""What of a model's requirements is installed here."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reactor_runtime.findings import Finding
from reactor_runtime.requirements.command import install_command, without_secrets
from reactor_runtime.requirements.lines import FILE_NAME, Line, holds, read_requirements

OURS = frozenset({"reactor-local", "reactor-runtime"})
"""Satisfied by this distribution, whatever version is asked for; never installed over it."""

_NOT_RUNNING = {"dev", "torch"}  # extras that the processes themselves do without


@dataclass(frozen=True, slots=True)
class Unmet:
    """A requirement that isn't satisfied here."""

    line: Line
    wanted: str
    """What to give to an installer: `torch>=2.2`."""
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `check_requirements` found."""

    unmet: tuple[Unmet, ...] = ()
    unchecked: tuple[Line, ...] = ()
    """Paths, URLs and editable installs: whether they are installed can't be told."""
    unread: tuple[Finding, ...] = ()
    options: tuple[str, ...] = ()
    """For the installer."""
    met: int = 0

    @property
    def command(self) -> str:
        """What to type to install what is missing."""
        return install_command([*self.options, *(one.wanted for one in self.unmet)])

    @property
    def findings(self) -> list[Finding]:
        """All of it. What is missing is a warning: models list what they don't import, and an import says the rest."""
        remedy = f"Install what is missing: {self.command}"
        found = [Finding("warning", one.message, remedy, one.line.file, one.line.number) for one in self.unmet]
        for one in self.unchecked:
            message = f"whether this is installed can't be told: {without_secrets(one.text)}"
            found.append(Finding("info", message, "", one.file, one.number))
        return [*self.unread, *found]


def check_requirements(folder: Path) -> Report:
    """Hold the requirements.txt of the model in `folder` against this environment; installs nothing.

    Costs a few milliseconds a requirement. Without the file nothing is required; one that can't be read is a finding.
    """
    found = read_requirements(folder / FILE_NAME)
    unmet: dict[str, Unmet] = {}
    met = 0
    named = [(line, line.requirement) for line in found.lines if line.requirement is not None]
    for line, requirement in named:
        gap = _gap_or_missing_extras(line, requirement)
        if gap is None:
            met += 1
        else:
            unmet.setdefault(line.wanted, Unmet(line, line.wanted, f"{gap}."))
    unchecked = tuple(line for line in found.lines if line.requirement is None)
    return Report(tuple(unmet.values()), unchecked, tuple(found.findings), tuple(found.options), met)


def _gap_or_missing_extras(line: Line, requirement: Requirement) -> str | None:
    if canonicalize_name(requirement.name) in OURS:
        return None
    gap = _gap(requirement, line.wanted)
    if gap is not None:
        return gap
    missing = "; ".join(_missing_extras(requirement))
    return f"{line.wanted}: {missing}" if missing else None


def _gap(requirement: Requirement, wanted: str) -> str | None:
    """In what way it isn't satisfied, extras aside."""
    version = _version(requirement.name)
    if version is None:
        return f"{requirement.name} isn't installed"
    if requirement.specifier.contains(version, prereleases=True):
        return None
    return f"{requirement.name} {version} is installed, {wanted} is wanted"


def _missing_extras(requirement: Requirement) -> Iterator[str]:
    """What the extras need and isn't here; a package that is installed has the rest."""
    for extra in sorted(requirement.extras):
        for text in metadata.requires(requirement.name) or ():
            needed = _needed_with(extra, text)
            gap = None if needed is None else _gap(needed, f"{needed.name}{needed.specifier}")
            if gap is not None:
                yield gap


def _needed_with(extra: str, text: str) -> Requirement | None:
    """The requirement if that extra is what brings it; what others have written wrongly is passed over."""
    try:
        needed = Requirement(text)
        brought = needed.marker is not None and holds(needed.marker, extra) and not holds(needed.marker)
    except ValueError:
        return None
    return needed if brought else None


def _version(name: str) -> str | None:
    try:
        found: str | None = metadata.version(name)
    except (metadata.PackageNotFoundError, KeyError):
        return None
    return found or None  # a half-removed package has no version


def own_constraints() -> list[str]:
    """What an installation must leave true, as lines of a constraints file: this distribution and what it needs."""
    extras = ["", *(metadata.metadata("reactor-local").get_all("Provides-Extra") or ())]
    extras = [extra for extra in extras if extra not in _NOT_RUNNING]
    found = set()
    for needed in map(Requirement, metadata.requires("reactor-local") or ()):
        runs = needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras)
        if runs and canonicalize_name(needed.name) not in OURS and _version(needed.name):
            found.add(f"{needed.name}{needed.specifier}")
    return sorted(found)
