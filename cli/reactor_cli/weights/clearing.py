"""Making room among the weights of this machine."""

from collections.abc import Sequence

import click

from reactor_cli.errors import CliError, UsageProblem
from reactor_runtime.errors import WeightsError
from reactor_runtime.weights.cache import Removed, cache_root, prune, remove
from reactor_runtime.weights.errors import UnsafeKeyError
from reactor_runtime.weights.words import size_words


def clear(names: Sequence[str]) -> None:
    """Remove folders by name and say what was removed.

    Raises:
        CliError: one of them isn't there, is in use, or can't be removed; the others are removed all the same.
    """
    problems = []
    for name in dict.fromkeys(names):
        try:
            removed = remove(name)
        except UnsafeKeyError as error:
            raise UsageProblem(str(error)) from None
        except WeightsError as error:
            problems.append(str(error))
            continue
        _tell(removed)
        if not removed:
            problems.append(f"there is no weight folder {name!r} in {cache_root()}. See `reactor weights list`.")
    if problems:
        raise CliError("\n".join(problems))


def clear_unused(unused_days: float) -> None:
    """Remove what nobody has used for so many days and say what was removed.

    Raises:
        CliError: the disk refuses.
    """
    try:
        removed = prune(unused_days)
    except WeightsError as error:
        raise CliError(str(error)) from None
    _tell(removed)
    if not removed:
        click.echo(f"Nothing in {cache_root()} has been unused for {unused_days:g} days.")


def _tell(removed: Sequence[Removed]) -> None:
    for one in removed:
        what = "the rest of a download" if one.state == "partial" else "removed"
        click.echo(f"{one.name}: {what}, {size_words(one.size_bytes)}")
