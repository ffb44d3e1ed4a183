"""`reactor upload`: put weights and models into a registry."""

from pathlib import Path

import click

from reactor_cli.many import ManyValues


@click.command(
    cls=ManyValues,
    help="Put weight folders into the registry, or publish the model in a folder. Only what isn't there is sent. "
    "A published version of a model never changes.",
)
@click.option(
    "--weights",
    multiple=True,
    metavar="DIR…",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folders; each keeps its name.",
)
@click.option("--model", is_flag=True, help="Publish the model: its manifest and what it can do.")
@click.option("-p", "--path", type=click.Path(path_type=Path), help="The model's folder.  [default: this folder]")
@click.option("-b", "--bucket", help="Bucket, s3://BUCKET or file:///FOLDER.  [default: reactor-models]")
def upload(*, weights: tuple[Path, ...], model: bool, path: Path | None, bucket: str | None) -> None:
    """Upload weights, then the model that needs them."""
    from reactor_cli.errors import UsageProblem  # noqa: PLC0415 - `--help` needs none of it
    from reactor_cli.weights.sending import send_model, send_weights  # noqa: PLC0415

    if not weights and not model:
        raise UsageProblem("say what to upload: --weights DIR for weight folders, --model for the model in this folder")
    if path is not None and not model:
        raise UsageProblem("--path says which model to publish; it needs --model")
    for folder in weights:
        click.echo(send_weights(folder, bucket))
    if model:
        click.echo(send_model(path or Path(), bucket))
