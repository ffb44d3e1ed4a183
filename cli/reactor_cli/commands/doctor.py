"""`reactor doctor`: look for what keeps `reactor run` from working."""

import sys
from pathlib import Path
from typing import Any

import click

from reactor_cli.commands.run import WHERE, given


@click.command(
    help="Look for what keeps `reactor run` from working, and say what to do about it. Changes nothing without --fix. "
    "Ends with 1 if there is an error, with 0 if there are warnings at most."
)
@click.option("-p", "--path", type=click.Path(path_type=Path), help="The model's folder.  [default: this folder]")
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings in TOML, as for `reactor run`.",
)
@WHERE
@click.option("-b", "--bucket", help="Weights registry.  [default: reactor-models]")
@click.option("--offline", is_flag=True, default=None, help="Ask no registry.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--fix", is_flag=True, help="Repair what can be repaired without losing anything.")
@click.option("--compose", is_flag=True, help="Look at the containers of `docker compose up` in this folder instead.")
def doctor(*, as_json: bool, fix: bool, compose: bool, **options: Any) -> None:
    """Examine, repair if asked to, report."""
    from reactor_cli.doctor.surroundings import look_around  # noqa: PLC0415 - `--help` needs none of it
    from reactor_cli.doctor.visit import visit  # noqa: PLC0415

    if compose:
        from reactor_cli.doctor.compose import COMPOSE_CHECKS, COMPOSE_SUBJECT  # noqa: PLC0415

        visited = visit(look_around(given(options)), COMPOSE_CHECKS, COMPOSE_SUBJECT, as_json=as_json, fix=fix)
    else:
        visited = visit(look_around(given(options)), as_json=as_json, fix=fix)
    sys.exit(0 if visited else 1)
