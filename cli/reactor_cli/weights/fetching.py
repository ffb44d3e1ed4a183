"""Which weights a command means, and having them here."""

import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from reactor_cli.model_folder import open_model
from reactor_cli.transfer import run_transfer
from reactor_runtime.weights.errors import OfflineError
from reactor_runtime.weights.registry import Registry, RegistryListener


@dataclass(frozen=True, slots=True)
class Wanted:
    """Weight folders by name, or by who needs them; without either those of the model in `path`."""

    weights: tuple[str, ...]
    models: tuple[str, ...]
    path: Path


def fetch(wanted: Wanted, *, bucket: str | None, force: bool, offline: bool) -> dict[str, Path]:
    """Return the folders by name, all of them complete.

    Raises:
        CliError: something can't be had.
    """
    registry = Registry(bucket, offline=offline)
    names = list(wanted.weights)
    if not names and not wanted.models:
        folder, manifest = open_model(wanted.path)
        names = manifest.weights
        if not names:
            click.echo(f"{folder / 'manifest.json'} lists no weights.", err=True)

    def work(stop: threading.Event, listener: RegistryListener) -> dict[str, Path]:
        listed = [name for model in wanted.models for name in _weights_of(registry, model)]
        return registry.fetch([*names, *listed], on_progress=listener, stop=stop, force=force)

    resumes = "What has come is kept: run it again to go on."
    return run_transfer(work, doing="Fetching weights", resumes=resumes)


def _weights_of(registry: Registry, model: str) -> list[str]:
    from reactor_runtime.weights.models import manifest_of, resolve  # noqa: PLC0415 - most downloads name folders
    from reactor_runtime.weights.store import open_store  # noqa: PLC0415

    if registry.offline:
        raise OfflineError(f"offline: only the registry knows which weights {model} needs. Name them with --weights.")
    with closing(open_store(registry.location)) as store:
        version = resolve(store, model)
        names = manifest_of(store, version).weights
    click.echo(f"{version} needs {', '.join(names) or 'no weights'}", err=True)
    return names
