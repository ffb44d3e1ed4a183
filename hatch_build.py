"""What hatchling runs before it packs a wheel: the studio is part of it."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StudioHook(BuildHookInterface[Any]):
    """Builds the studio; an editable installation has it built at the next `scripts/reactor run`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Have the page built, or fail: a wheel without it would serve none."""
        if version == "editable":
            return
        spec = importlib.util.spec_from_file_location("studio", Path(self.root) / "studio" / "build.py")
        if spec is None or spec.loader is None:
            raise FileNotFoundError("studio/build.py")
        studio = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(studio)
        studio.build()
