"""`reactor init`: make a new model's folder, or that of a page for one."""

import os
from pathlib import Path

import click

TEMPLATES = ("video", "webcam", "weights")


@click.command(
    help="Make the folder NAME with a model that runs at once. Templates: video makes a picture, webcam changes the "
    "viewer's camera, weights loads a network from a registry. With --frontend: a web page for the model beside it."
)
@click.argument("name")
@click.option("-t", "--template", type=click.Choice(TEMPLATES), show_default="video")
@click.option("--frontend", is_flag=True, help="Make a web page instead, with React and Vite; npm runs it.")
def init(name: str, template: str | None, frontend: bool) -> None:
    """Write it and say what to do next."""
    if frontend and template:
        raise click.UsageError("--template is for models: leave it out, or leave out --frontend.")
    if frontend:
        _init_frontend(Path(name))
    else:
        _init_model(Path(name), template or TEMPLATES[0])


def _init_model(path: Path, template: str) -> None:
    from reactor_cli.new_model import make_model_folder  # noqa: PLC0415 - `--help` needs none of it

    folder = make_model_folder(path, template)
    steps = ["reactor run"]
    if template == "weights":
        steps = ["python make_weights.py", 'reactor run --bucket "file://$PWD/registry"']
    _say_next(folder, steps)


def _init_frontend(path: Path) -> None:
    from reactor_cli.new_frontend import make_frontend_folder  # noqa: PLC0415 - `--help` needs none of it

    folder, model = make_frontend_folder(path)
    _say_next(folder, ["npm install", "npm run dev     # and, in another terminal, reactor run"])
    if model:
        click.echo(f"The page asks for the model {model!r}: src/main.tsx.")
    else:
        click.echo("There is no single model here: say in src/main.tsx which one the page is for.")
    click.echo("Its package.json takes the browser SDK from the page's own folder, sdk/.")


def _say_next(folder: Path, steps: list[str]) -> None:
    click.echo("\n  ".join([f"Made {folder}. Next:", f"cd {os.path.relpath(folder)}", *steps]))
