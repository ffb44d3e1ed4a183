"""Have a LiveKit server program, fetched if need be: `python -m reactor_cli.livekit_server`."""

import click

from reactor_cli.livekit_server.find import find
from reactor_cli.livekit_server.job import Job
from reactor_cli.livekit_server.settings import LiveKitSettings


@click.command()
def main() -> None:
    """Find or fetch the LiveKit server, say which one, and don't start it."""
    settings = LiveKitSettings()
    job = Job(settings.cache_dir, lambda status: click.echo(status.message, err=True))
    click.echo(f"LiveKit server {find(job, settings.sources).version}", err=True)


main()
