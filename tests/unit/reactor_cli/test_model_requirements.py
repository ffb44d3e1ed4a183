"""What `reactor run` says about requirements before anything starts."""

from pathlib import Path

import pytest

from reactor_cli.errors import CliError
from reactor_cli.requirements import see_to_requirements
from reactor_cli.status import Notice
from reactor_runtime.requirements import command


def told(folder: Path, text: str | None, *, install: bool = False) -> list[Notice]:
    if text is not None:
        (folder / "requirements.txt").write_text(text)
    notices: list[Notice] = []
    see_to_requirements(folder, notices.append, install=install)
    return notices


@pytest.mark.parametrize("text", [None, "", "numpy\nreactor-runtime==0.0.4\n", "-e ./somewhere\n"])
def test_nothing_is_said_where_nothing_is_known_to_be_missing(tmp_path: Path, text: str | None) -> None:
    assert told(tmp_path, text) == []


def test_what_is_missing_is_one_warning_with_the_command_and_no_error(tmp_path: Path) -> None:
    (notice,) = told(tmp_path, "no-such-pkg>=2\nnumpy>=99\n")
    assert (notice.kind, notice.level) == ("requirements", "warning")
    first, second, last = notice.text.splitlines()
    assert first == "requirements.txt, line 1: no-such-pkg isn't installed."
    assert second.startswith("requirements.txt, line 2: numpy ")
    assert 'pip install "no-such-pkg>=2" "numpy>=99"' in last
    assert "--install" in last
    assert notice.fields["command"] in last


def test_with_install_and_nothing_missing_no_installer_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "installer", lambda: 1 / 0)
    assert told(tmp_path, "numpy\n", install=True) == []


def test_an_installation_that_fails_is_an_error_after_the_command_was_shown(tmp_path: Path) -> None:
    notices: list[Notice] = []
    (tmp_path / "requirements.txt").write_text(f"--no-index\n--find-links {tmp_path}\nno-such-pkg\n")
    with pytest.raises(CliError, match="the installation failed"):
        see_to_requirements(tmp_path, notices.append, install=True)
    (notice,) = notices
    assert notice.kind == "installing"
    assert notice.text.endswith("no-such-pkg")
