"""A click group that imports a command's module only when that command is called."""

import importlib
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command lives and what the overview says about it."""

    module: str
    attribute: str
    summary: str


class LazyGroup(click.Group):
    """Sub-commands by name; `--help` and unknown names cost no import.

    Args:
        lazy: name -> where it is, in the order of the overview.
    """

    def __init__(self, *args: object, lazy: dict[str, LazyCommand], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the overview."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command."""
        found = self._lazy.get(cmd_name)
        if found is None:
            return None
        command = getattr(importlib.import_module(found.module), found.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{found.module}.{found.attribute} is no click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the closest one."""
        if args and args[0] not in self._lazy and not args[0].startswith("-"):
            ctx.fail(self._unknown(args[0]))
        return super().resolve_command(ctx, args)

    def _unknown(self, name: str) -> str:
        import difflib  # noqa: PLC0415 - only a mistake pays for it

        close = difflib.get_close_matches(name, self._lazy, n=1, cutoff=0.5)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(self._lazy)}."
        return f"No such command '{name}'. {hint}"

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the overview without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in self._lazy.items()])
