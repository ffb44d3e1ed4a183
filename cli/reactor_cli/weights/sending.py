"""Putting weights and models into a registry."""

import threading
from contextlib import closing
from pathlib import Path

from reactor_cli.model_folder import open_model
from reactor_cli.transfer import run_transfer
from reactor_runtime.weights.models import Published, publish
from reactor_runtime.weights.progress import FetchProgress
from reactor_runtime.weights.registry import Registry, RegistryListener, RegistryProgress
from reactor_runtime.weights.store import open_store
from reactor_runtime.weights.upload import UploadSummary, upload_folder
from reactor_runtime.weights.words import size_words

_RESUMES = "What has been sent is kept: run it again to go on."


def send_weights(folder: Path, bucket: str | None) -> str:
    """Upload a folder under its own name; say what came of it.

    Raises:
        CliError: it can't be done.
    """
    folder = folder.resolve()
    location = Registry(bucket).location

    def work(stop: threading.Event, listener: RegistryListener) -> UploadSummary:
        def tell(now: FetchProgress) -> None:
            listener(RegistryProgress(now, 1, 0, now.done_bytes, now.total_bytes))

        with closing(open_store(location)) as store:
            return upload_folder(store, folder, folder.name, on_progress=tell, stop=stop)

    done = run_transfer(work, doing="Uploading", resumes=_RESUMES)
    return f"{done.folder}: {_files(done.files)}, {size_words(done.total_bytes)} in {location}; {_sent(done)}"


def send_model(path: Path, bucket: str | None) -> str:
    """Publish the model in a folder; say what came of it.

    Raises:
        CliError: it can't be done.
    """
    folder, _ = open_model(path)
    location = Registry(bucket).location

    def work(_stop: threading.Event, _listener: RegistryListener) -> Published:
        with closing(open_store(location)) as store:
            return publish(store, folder)

    done = run_transfer(work, doing="Publishing", resumes="Run it again: what is published already stays as it is.")
    return f"{done.model}: {'published' if done.created else 'was published already'} in {location}"


def _sent(done: UploadSummary) -> str:
    if not done.sent_files:
        return "nothing to send"
    found = f"; {size_words(done.found_bytes)} were there from an interrupted upload" if done.found_bytes else ""
    return f"{_files(done.sent_files)} sent ({size_words(done.sent_bytes)}{found})"


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
