"""The interpreter and its packages."""

import sys
from collections.abc import Iterator
from importlib import metadata

from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.surroundings import Surroundings

_DISTRIBUTION = "reactor-local"
_SHADOWS = "reactor-runtime"  # the published package, which has our module's name
_OLDEST = (3, 11)
_NEEDED = ("", "runtime", "coordinator", "cli")
"""The extras without which `reactor run` doesn't work."""


def check_python(_around: Surroundings) -> Iterator[Finding]:
    """Version, packages, and a package that hides ours."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < _OLDEST:
        yield Finding("error", f"Python {version} is too old ({sys.executable})", "Install Python 3.11 or newer.")
    missing = list(missing_packages())
    if missing:
        named = ", ".join(f"{wanted} ({found})" for wanted, found in missing)
        quoted = " ".join(f"'{wanted}'" for wanted, _ in missing)
        yield Finding(
            "error",
            f"Python {version} at {sys.executable} lacks packages: {named}",
            f"Install them: {sys.executable} -m pip install {quoted}",
        )
    else:
        yield ok(f"Python {version} at {sys.executable}, with all packages")
    yield from _shadowed()


def missing_packages() -> Iterator[tuple[str, str]]:
    """Yield what is needed and what is there instead, for each package that is missing or of a wrong version."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - may be what is missing

    for text in metadata.requires(_DISTRIBUTION) or []:
        wanted = Requirement(text)
        if wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in _NEEDED):
            continue
        wanted.marker = None
        found = _version(wanted.name)
        if found is None:
            yield str(wanted), "not installed"
        elif not wanted.specifier.contains(found, prereleases=True):
            yield str(wanted), f"{found} is installed"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _shadowed() -> Iterator[Finding]:
    if (found := _version(_SHADOWS)) is not None:
        yield Finding(
            "error",
            f"the package {_SHADOWS} {found} is installed beside ours and has the same module, reactor_runtime",
            f"Remove it and install ours again: {sys.executable} -m pip uninstall {_SHADOWS}; "
            f"{sys.executable} -m pip install --force-reinstall --no-deps {_DISTRIBUTION}",
        )
