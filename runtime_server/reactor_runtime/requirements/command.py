"""Which command installs packages into the environment that this process runs in."""

import importlib.util
import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_SECRET = re.compile(r"(https?://)[^/@\s]+@")
_PLAIN = re.compile(r"[\w.,:/@%+=-]+")  # what no shell changes
_KEPT_IN_DOUBLE_QUOTES = re.compile(r'[^"$`\\!]+')


def as_typed(command: Sequence[str]) -> str:
    """A command as one line for a shell, without the secrets in its URLs."""
    return without_secrets(" ".join(map(_quoted, command)))


def without_secrets(text: str) -> str:
    """What a URL has before its host is a password or a token."""
    return _SECRET.sub(r"\1…@", text)


def install_command(wanted: Sequence[str]) -> str:
    """What to type, in any shell, to install `wanted`; an environment made by uv has no pip."""
    if importlib.util.find_spec("pip") is None:
        return as_typed(["uv", "pip", "install", "--python", sys.executable, *wanted])
    if os.environ.get("VIRTUAL_ENV") == sys.prefix:
        return as_typed(["pip", "install", *wanted])
    return as_typed([sys.executable, "-m", "pip", "install", *wanted])


def installer() -> list[str] | None:
    """The program that installs into this environment, uv where there is one, else pip; None: there is neither."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", sys.executable]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    return None


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return f'"{text}"' if _KEPT_IN_DOUBLE_QUOTES.fullmatch(text) else shlex.quote(text)
