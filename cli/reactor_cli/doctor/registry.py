"""The registry of weights: whether it answers, takes the credentials, and has what the model needs."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.model import needed_weights
from reactor_cli.doctor.surroundings import Surroundings
from reactor_runtime.weights.cache import folders
from reactor_runtime.weights.errors import CredentialsMissingError, RegistryError
from reactor_runtime.weights.store import ObjectStore, open_store

_NAMED_BY = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")


def check_registry(around: Surroundings) -> Iterator[Finding]:
    """Ask for one object of each folder that has to be fetched, else for any."""
    missing = _to_fetch(around)
    registry = around.settings.bucket
    if around.settings.offline:
        yield Finding("info", f"{registry} isn't asked: --offline")
        return
    if not missing and not is_named(around):
        yield ok(f"{registry} isn't asked: nothing here needs it")
        return
    try:
        with closing(open_store(registry, connections=1)) as store:
            yield from _asked(store, missing)
    except RegistryError as error:
        remedy = "" if missing else "Weights that are here work without it."
        whose = "" if registry.startswith("file:") or isinstance(error, CredentialsMissingError) else _credentials()
        yield Finding("error" if missing else "warning", f"{error}{whose}", remedy)


def is_named(around: Surroundings) -> bool:
    """Whether somebody chose a registry: only the default one isn't worth a question."""
    return "bucket" in around.settings.model_fields_set or any(around.variables.get(name) for name in _NAMED_BY)


def _to_fetch(around: Surroundings) -> list[str]:
    whole = {folder.name for folder in folders(root=around.weights) if folder.state in ("complete", "by hand")}
    return [name for name in needed_weights(around) if name not in whole]


def _asked(store: ObjectStore, missing: Sequence[str]) -> Iterator[Finding]:
    if not missing:
        first = next(iter(store.list("")), None)
        yield ok(f"{store.location} answers{'' if first else ', and is empty'}")
        return
    absent = [name for name in missing if next(iter(store.list(f"{name}/")), None) is None]
    there = [name for name in missing if name not in absent]
    if there:
        yield ok(f"{store.location} has {', '.join(there)}")
    for name in absent:
        yield Finding(
            "error",
            f"{store.location} has no weight folder {name}, which the model needs",
            f"Name another registry (--bucket), or put it there: reactor upload --weights {name}",
        )


def _credentials() -> str:
    """Say where the credentials come from, never what they are."""
    from boto3.session import Session  # noqa: PLC0415 - 0.3 s that only a failure needs

    found = Session().get_credentials()
    return f" (The credentials come from: {found.method}.)" if found else ""
