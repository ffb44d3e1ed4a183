"""`reactor download`: have weights on this machine before they are needed."""

from pathlib import Path

import click

from reactor_cli.many import ManyValues


@click.command(
    cls=ManyValues,
    help="Fetch weight folders from the registry, each checked and complete. Without names: those that the "
    "manifest.json of the model lists. What is here already isn't fetched again; what was interrupted goes on.",
)
@click.option("--weights", multiple=True, metavar="NAME…", help="Weight folders.")
@click.option("--models", multiple=True, metavar="NAME[@VERSION]…", help="Weights of published models.")
@click.option("-p", "--path", type=click.Path(path_type=Path), help="The model's folder.  [default: this folder]")
@click.option("-b", "--bucket", help="Bucket, s3://BUCKET or file:///FOLDER.  [default: reactor-models]")
@click.option("--force", is_flag=True, help="Fetch again what is complete.")
@click.option("--offline", is_flag=True, help="Fetch nothing: only say what is missing.")
def download(
    *,
    weights: tuple[str, ...],
    models: tuple[str, ...],
    path: Path | None,
    bucket: str | None,
    force: bool,
    offline: bool,
) -> None:
    """Fetch, and print where each folder is."""
    from reactor_cli.errors import UsageProblem  # noqa: PLC0415 - `--help` needs none of it
    from reactor_cli.weights.fetching import Wanted, fetch  # noqa: PLC0415

    if path is not None and (weights or models):
        raise UsageProblem("--path says whose weights to fetch; it doesn't go with --weights or --models")
    found = fetch(Wanted(weights, models, path or Path()), bucket=bucket, force=force, offline=offline)
    for name, folder in found.items():
        click.echo(f"{name}: {folder}")
