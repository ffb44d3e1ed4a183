"""`reactor init`: make a new model's folder."""

import os
from pathlib import Path

import click

TEMPLATES = ("video", "webcam", "weights")


@click.command(
    help="Make the folder NAME with a model that runs at once. Templates: video makes a picture, webcam changes the "
    "viewer's camera, weights loads a network from a registry."
)
@click.argument("name")
@click.option("-t", "--template", type=click.Choice(TEMPLATES), default="video", show_default=True)
def init(name: str, template: str) -> None:
    """Write it and say what to do next."""
    from reactor_cli.new_model import make_model_folder  # noqa: PLC0415 - `--help` needs none of it

    folder = make_model_folder(Path(name), template)
    steps = [f"cd {os.path.relpath(folder)}"]
    if template == "weights":
        steps += ["python make_weights.py", 'reactor run --bucket "file://$PWD/registry"']
    else:
        steps += ["reactor run"]
    click.echo("\n  ".join([f"Made {folder}. Next:", *steps]))
