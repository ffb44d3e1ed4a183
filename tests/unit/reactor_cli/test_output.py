import json
from pathlib import Path

import pytest

from reactor_cli.log_line import LogLine
from reactor_cli.output import Output
from reactor_cli.status import Notice, StackStatus


class Screen:
    """A display that keeps what the processes said."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def log(self, line: LogLine) -> None:
        self.shown.append(line.text)

    def notice(self, notice: Notice) -> None:
        raise AssertionError(notice)

    def status(self, status: StackStatus) -> None:
        raise AssertionError(status)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("verbose", "shown"), [(False, ["lost"]), (True, ["late", "lost"])])
def test_what_others_tell_is_in_the_file_and_shown_while_verbose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verbose: bool, shown: list[str]
) -> None:
    monkeypatch.setenv("REACTOR_CACHE_DIR", str(tmp_path))
    screen = Screen()
    output = Output(screen, 8080, told_elsewhere={"late"}, verbose=verbose)
    for event in ("late", "lost"):
        output.line("coordinator", json.dumps({"event": event, "level": "warning"}))
    output.close()
    assert screen.shown == shown
    assert output.folder is not None
    assert len((output.folder / "coordinator.log").read_text().splitlines()) == 2
