"""The `reactor` command: its overview, and nothing that takes long to import."""

import signal
import sys
import time

try:
    # Until a command has something to end in order, Ctrl-C just ends it: no traceback of an import.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    import click
except ModuleNotFoundError:
    sys.exit("reactor: this command needs packages that aren't here. Install them: pip install 'reactor-local[all]'")

from reactor_cli.lazy import LazyCommand, LazyGroup

_STARTED_S = time.monotonic()
_COMMANDS = {
    "init": LazyCommand("reactor_cli.commands.init", "init", "Make a new model's folder."),
    "run": LazyCommand("reactor_cli.commands.run", "run", "Serve the model in a folder."),
    "validate": LazyCommand("reactor_cli.commands.validate", "validate", "Check a model without running it."),
    "capabilities": LazyCommand(
        "reactor_cli.commands.capabilities", "capabilities", "Print a model's commands as JSON."
    ),
    "download": LazyCommand("reactor_cli.commands.download", "download", "Fetch weights."),
    "upload": LazyCommand("reactor_cli.commands.upload", "upload", "Put weights or a model into a registry."),
    "weights": LazyCommand("reactor_cli.commands.weights", "weights", "Look after the weights of this machine."),
    "doctor": LazyCommand("reactor_cli.commands.doctor", "doctor", "Look for what keeps `reactor run` from working."),
}


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import version  # noqa: PLC0415 - 25 ms that only this option needs

    click.echo(f"reactor {version('reactor-local')}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn a folder with a Python VideoModel into a live, interactive video stream on your own machine.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@click.pass_context
def main(context: click.Context) -> None:
    """Run the `reactor` command."""
    context.obj = _STARTED_S


if __name__ == "__main__":
    main()
