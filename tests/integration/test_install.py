"""`reactor run` with a model whose requirements aren't here, in an environment of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.environment import make_environment, write_wheel
from support.manifests import write_manifest
from support.reactor_run import Reactor, reactors

pytestmark = pytest.mark.livekit

_MODEL = """
import helper
import numpy as np
from reactor_runtime import VideoModel, get_ctx

class Model(VideoModel):
    def __init__(self, **kwargs):
        print("helper", helper.version)

    def start_session(self):
        get_ctx().emit_frame(np.zeros((64, 64, 3), np.uint8))
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Reactor]]:
    folder = write_manifest(tmp_path / "model", "mine:Model")
    (folder / "mine.py").write_text(_MODEL)
    (folder / "requirements.txt").write_text("--no-index\n-f ../wheels\nreactor-runtime==0.0.4\nhelper>=1.5\n")
    write_wheel(tmp_path / "wheels", "helper", "1.5", "reactor-runtime>=0.0.1")
    write_wheel(tmp_path / "wheels", "reactor_runtime", "0.0.4")
    python = make_environment(tmp_path / "environment")
    with reactors(folder) as run:
        yield lambda *flags: run(*flags, python=str(python))


def test_what_is_missing_is_installed_shown_and_served(start: Callable[..., Reactor]) -> None:
    reactor = start("--install")
    reactor.until_ready()
    (installing,) = reactor.events("installing")
    assert installing["message"].endswith('"helper>=1.5"')
    reactor.until(lambda: bool(reactor.events("helper 1.5")), "word from the model")
    assert reactor.events("requirements") == []


def test_without_the_flag_it_is_named_with_the_command_and_nothing_is_installed(start: Callable[..., Reactor]) -> None:
    reactor = start()
    reactor.until(lambda: bool(reactor.events("load_failed")), "failed load")
    (warning,) = reactor.events("requirements")
    assert (warning["level"], warning["findings"]) == (
        "warning",
        ["requirements.txt, line 4: helper isn't installed."],
    )
    assert warning["command"].endswith('"helper>=1.5"')
    assert reactor.events("installing") == []
