"""Whether the settings from environment and configuration file can be followed."""

from collections.abc import Iterator

from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.surroundings import Surroundings


def check_settings(around: Surroundings) -> Iterator[Finding]:
    """Everything else is looked at with the defaults where they can't."""
    if around.problem:
        yield Finding(
            "error", around.problem, "Correct it: `reactor run` won't start. The rest was checked with the defaults."
        )
        return
    changed = sorted(around.settings.model_fields_set - {"path", "config"})
    file = f", {around.settings.config}" if around.settings.config else ""
    yield ok(f"{len(changed)} given: {', '.join(changed)}{file}" if changed else f"the defaults{file}")
