"""Whether the disk has room, before the first byte comes."""

import shutil
from pathlib import Path

from reactor_runtime.weights.download.journal import Claim
from reactor_runtime.weights.download.plan import Plan
from reactor_runtime.weights.errors import NotEnoughSpaceError

_MIB = 1024 * 1024


def check_space(plan: Plan, claims: dict[str, Claim], root: Path, reserve_bytes: int) -> None:
    """Let a plan pass whose missing parts fit, with `reserve_bytes` left over.

    Raises:
        NotEnoughSpaceError: they don't.
    """
    needed = sum(
        end - start
        for file in plan.files
        for part in range(file.parts)
        if part not in claims[file.path].parts
        for start, end in (file.span(part),)
    )
    free = shutil.disk_usage(root).free
    if needed and needed + reserve_bytes > free:
        raise NotEnoughSpaceError(
            f"{plan.folder!r} needs {_mib(needed)} more in {root}, where {_mib(free)} are free and "
            f"{_mib(reserve_bytes)} must stay so. {ROOM}"
        )


ROOM = "Make room (reactor weights prune), or set REACTOR_REGISTRY_CACHE to a folder on a larger disk."


def _mib(count: int) -> str:
    return f"{count / _MIB:,.1f} MiB"
