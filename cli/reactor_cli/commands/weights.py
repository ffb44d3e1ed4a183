"""`reactor weights`: look after the weight folders of this machine."""

import sys

import click

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(help="Look after the weight folders of this machine (`reactor download` fetches them).")
def weights() -> None:
    """Group the commands below."""


@weights.command("list", help="List what is here: sizes, states, when it was last used.")
@click.option("-b", "--bucket", help="List a registry instead: bucket, s3://BUCKET or file:///FOLDER.")
@_JSON
def list_weights(*, bucket: str | None, as_json: bool) -> None:
    """List the cache, or a registry."""
    from reactor_cli.weights.tables import show_cache, show_registry  # noqa: PLC0415 - `--help` needs none of it

    if bucket is None:
        show_cache(as_json=as_json)
    else:
        show_registry(bucket, as_json=as_json)


@weights.command(
    help="Read folders and compare them with what was fetched (default: all). Ends with 1 if something isn't as it was."
)
@click.argument("names", nargs=-1, metavar="[NAME]…")
@_JSON
def verify(*, names: tuple[str, ...], as_json: bool) -> None:
    """Hash every file."""
    from reactor_cli.weights.checking import check  # noqa: PLC0415 - `--help` needs none of it

    sys.exit(0 if check(names, as_json=as_json) else 1)


@weights.command(help="Remove folders, and what interrupted downloads of them left.")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def remove(*, names: tuple[str, ...]) -> None:
    """Make room by name."""
    from reactor_cli.weights.clearing import clear  # noqa: PLC0415 - `--help` needs none of it

    clear(names)


@weights.command(
    help="Remove fetched folders that nobody has used for long, and downloads that stopped as long ago. What was put "
    "there by hand stays."
)
@click.option("--unused-days", type=click.FloatRange(min=0), default=30.0, show_default=True, help="How long.")
def prune(*, unused_days: float) -> None:
    """Make room by age."""
    from reactor_cli.weights.clearing import clear_unused  # noqa: PLC0415 - `--help` needs none of it

    clear_unused(unused_days)
