"""Makes the keys of a stack at its first start, each in the volume of those who need it; what is there stays.

Runs in a container of its own, as the user of all others, so that they can read the files and nobody else can.
"""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

KEYS = Path("/run/reactor")
BUCKET = Path("/registry/reactor-models")
SECRET_BYTES = 32  # LiveKit asks for 32 characters


def main() -> None:
    """Have every key, and the registry's bucket."""
    have(KEYS / "livekit" / "keys", livekit)
    have(KEYS / "runtime" / "key", runtime)
    have(KEYS / "registry" / "credentials", registry)
    BUCKET.mkdir(mode=0o700, exist_ok=True)


def livekit() -> str:
    """Return what LiveKit's `--key-file` takes."""
    return f"API{secrets.token_hex(8)}: {secrets.token_urlsafe(SECRET_BYTES)}\n"


def runtime() -> str:
    """Return what the coordinator shows to the runtime server."""
    return secrets.token_urlsafe(SECRET_BYTES) + "\n"


def registry() -> str:
    """Return a key as every AWS tool reads it."""
    key, secret = f"reactor{secrets.token_hex(6)}", secrets.token_urlsafe(SECRET_BYTES)
    return f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"


def have(path: Path, make: Callable[[], str]) -> None:
    """Write a file in one step unless it is there, for its owner alone."""
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        sys.stdout.write(f"{path}: made\n")


if __name__ == "__main__":
    main()
