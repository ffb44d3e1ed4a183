"""A worker with a model of the test."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reactor_runtime.worker.messages import SessionEntered
from support.worker_child import Start, WorkerChild, write_model


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Write a model, load it, begin session `s1`."""
    with ExitStack() as stack:

        def begin(source: str, *, session: bool = True, answers: bool = True, **manifest: Any) -> WorkerChild:
            worker = stack.enter_context(WorkerChild(write_model(tmp_path, source, **manifest)))
            worker.answers = answers
            worker.load()
            if session:
                worker.start()
                worker.wait_for(SessionEntered)
            return worker

        yield begin
