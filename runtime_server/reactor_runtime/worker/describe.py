"""`python -P -m reactor_runtime.worker.describe <folder>`: a model's capabilities as JSON, without `__init__`."""

import os
import signal
import sys
from pathlib import Path

from reactor_runtime.arguments import prepare_commands
from reactor_runtime.capabilities import describe
from reactor_runtime.errors import CommandDefinitionError, LoadError
from reactor_runtime.loader import enter_folder, load_class
from reactor_runtime.manifest import load_manifest


def capabilities_json(folder: Path) -> str:
    """The capabilities of the model in `folder`; imports its class into this process.

    Raises:
        LoadError, CommandDefinitionError: with the cause in one or a few lines.
    """
    manifest = load_manifest(folder)
    enter_folder(folder)
    cls = load_class(folder, manifest)
    return describe(prepare_commands(cls), manifest).model_dump_json(by_alias=True)


def main() -> int:
    """Print the capabilities and nothing else on stdout: what the model's import prints goes to stderr."""
    # Ctrl-C while a model's libraries are imported is no error of the model.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        text = capabilities_json(Path(sys.argv[1]).resolve())
    except (LoadError, CommandDefinitionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with out:
        out.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
