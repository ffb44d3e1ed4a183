"""What the checks look at."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reactor_cli.errors import UsageProblem
from reactor_cli.log_file import cache_folder
from reactor_cli.settings import RunSettings, load_settings
from reactor_protocol.manifest import FILE_NAME
from reactor_runtime.weights.cache import cache_root


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and how `reactor run` would run.

    Args:
        settings: As `reactor run` would have them.
        variables: The environment's.
        cache: The folder of the LiveKit server and the logs.
        weights: The folder of downloaded weights.
        model: The model's folder; None where none was named and there is none here.
        problem: Why the settings couldn't be followed, in words; `settings` are the defaults then.
    """

    settings: RunSettings
    variables: Mapping[str, str]
    cache: Path
    weights: Path
    model: Path | None = None
    problem: str = ""


def look_around(flags: dict[str, Any]) -> Surroundings:
    """Return what this process sees.

    Args:
        flags: Settings given on the command line, by field name.

    Raises:
        UsageProblem: a flag has an impossible value; one in the environment or the configuration file is a finding.
    """
    settings, problem = _settings(flags)
    path = settings.path.expanduser()
    named = "path" in settings.model_fields_set
    return Surroundings(
        settings=settings,
        variables=dict(os.environ),
        cache=cache_folder(),
        weights=cache_root().expanduser(),
        model=path if named or (path / FILE_NAME).is_file() else None,
        problem=problem,
    )


def _settings(flags: dict[str, Any]) -> tuple[RunSettings, str]:
    try:
        return load_settings(flags), ""
    except UsageProblem as error:
        if any(line.startswith("--") for line in error.message.splitlines()):
            raise
        return RunSettings.model_construct(_fields_set=set(flags), **flags), error.message
