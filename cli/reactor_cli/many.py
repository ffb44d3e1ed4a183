"""Options that take several values: `--weights A B` is what `--weights A --weights B` is."""

from collections.abc import Iterator, Sequence

import click


class ManyValues(click.Command):
    """A command without arguments, so that all that follows an option with `multiple=True` is the option's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write the option before each of its values, then read as always."""
        names = {
            name
            for option in self.params
            if isinstance(option, click.Option) and option.multiple
            for name in option.opts
        }
        return super().parse_args(ctx, list(_repeated(args, names)))


def _repeated(args: Sequence[str], names: set[str]) -> Iterator[str]:
    current: str | None = None
    for number, arg in enumerate(args):
        if arg in names:
            current = arg
            if number + 1 == len(args) or args[number + 1].startswith("-"):
                raise click.BadOptionUsage(arg, f"Option '{arg}' requires an argument.")
        elif arg.startswith("-") or current is None:
            current = None
            yield arg
        else:
            yield from (current, arg)
