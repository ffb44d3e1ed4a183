"""`reactor capabilities`: print what a model can do."""

import subprocess
import sys
from pathlib import Path

import click


@click.command(
    help="Print the commands of the model in PATH (default: this folder) as JSON, without starting the model."
)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
def capabilities(path: Path) -> None:
    """Let a child import the model; its JSON is all that goes to standard output."""
    from reactor_cli.errors import CliError  # noqa: PLC0415
    from reactor_cli.model_folder import open_model  # noqa: PLC0415 - `--help` needs none of it

    folder, _ = open_model(path)
    describe = [sys.executable, "-P", "-m", "reactor_runtime.worker.describe", str(folder)]
    done = subprocess.run(describe, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if done.returncode == 0 and not done.stdout:
        raise CliError(f"{folder}: the model's code ended the process while it was imported")
    if done.returncode:
        sys.exit(1)
    click.echo(done.stdout, nl=False)
