"""What a model sends, as JSON; numpy and torch values converted."""

import json
import math
import sys
from typing import Any

import numpy as np

_MOST_VALUES = 100_000  # a larger array in JSON stalls every browser; pictures go the other way
_DEEPEST = 100


def to_json(message: object) -> bytes:
    """Write a message.

    Raises:
        TypeError: something in it isn't JSON; the text names the path to it.
    """
    if not isinstance(message, dict):
        raise TypeError(f"send takes a dict, found {type(message).__name__}")
    plain = _plain(message, (), 0)
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


_Path = tuple[str | int, ...]


def _plain(value: object, path: _Path, depth: int) -> Any:  # noqa: C901, PLR0911 - one line a type
    if depth > _DEEPEST:
        raise TypeError(f"{_shown(path[:5])}…: nested more than {_DEEPEST} levels deep, or within itself")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float | np.floating):
        return _number(float(value), path)
    if isinstance(value, dict):
        return {_name(key, path): _plain(item, (*path, str(key)), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, (*path, index), depth + 1) for index, item in enumerate(value)]
    if isinstance(value, np.integer | np.bool_ | np.str_):
        return value.item()
    if isinstance(value, np.ndarray):
        return _plain(_listed(value, value.size, path), path, depth + 1)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _plain(_listed(value, value.numel(), path), path, depth + 1)
    raise TypeError(f"{_shown(path)}: {type(value).__name__} isn't JSON; send text, numbers, lists and dicts")


def _listed(array: Any, values: int, path: _Path) -> object:
    if values > _MOST_VALUES:
        raise TypeError(f"{_shown(path)}: an array of {values:,} values; at most {_MOST_VALUES:,} go into a message")
    return array.tolist()


def _number(value: float, path: _Path) -> float:
    if not math.isfinite(value):
        raise TypeError(f"{_shown(path)}: {value} isn't JSON; send None or a finite number")
    return value


def _text(value: str, path: _Path) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise TypeError(f"{_shown(path)}: text with half a surrogate pair at {error.start} isn't JSON") from None
    return str(value)


def _name(key: object, path: _Path) -> str:
    if isinstance(key, str):
        return _text(key, path)
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        return str(int(key))
    raise TypeError(f"{_shown(path)}: a key of type {type(key).__name__} ({key!r}); JSON keys are text")


def _shown(path: _Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "message"
