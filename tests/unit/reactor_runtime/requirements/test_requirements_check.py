"""What a model requires, held against the environment of the tests."""

from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from reactor_runtime.requirements.check import Report, check_requirements, own_constraints
from reactor_runtime.requirements.command import as_typed

NUMPY = metadata.version("numpy")


def check(folder: Path, text: str) -> Report:
    (folder / "requirements.txt").write_text(text)
    return check_requirements(folder)


@pytest.mark.parametrize(
    "text",
    ["numpy>=1.26", "NumPy", f"numpy=={NUMPY}", "no-such-pkg; python_version < '3'", "uvicorn[no-such-extra]", ""],
)
def test_what_is_here_is_met(tmp_path: Path, text: str) -> None:
    report = check(tmp_path, text)
    assert (report.unmet, report.findings) == ((), [])


@pytest.mark.parametrize(
    "text",
    ["reactor-runtime", "reactor_runtime>=99", "Reactor.Runtime[all]==0.0.4", "reactor-local>=99", "reactor-runtime<0"],
)
def test_our_own_line_counts_as_met_whatever_it_asks_for(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, text).unmet == ()


def test_what_is_missing_is_a_warning_with_line_and_the_exact_command(tmp_path: Path) -> None:
    report = check(tmp_path, "numpy\n# one\nno-such-pkg[fast]>=2,<3  # why\nother_missing; python_version > '3'\n")
    first, second = report.findings
    assert (first.severity, first.file, first.line) == ("warning", tmp_path / "requirements.txt", 3)
    assert first.message == "no-such-pkg isn't installed."
    assert second.line == 4
    assert report.command.endswith('pip install "no-such-pkg[fast]>=2,<3" other_missing')
    assert report.command in first.remedy


def test_a_wrong_version_names_both(tmp_path: Path) -> None:
    (finding,) = check(tmp_path, "numpy>=99").findings
    assert finding.message == f"numpy {NUMPY} is installed, numpy>=99 is wanted."


def test_a_missing_part_of_an_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["h11>=0.8", "no-such-pkg>=1; extra == 'standard'", "numpy; extra == 'standard'"]
    monkeypatch.setattr(metadata, "requires", lambda name: wanted)
    (finding,) = check(tmp_path, "uvicorn[standard]").findings
    assert finding.message == "uvicorn[standard]: no-such-pkg isn't installed."


def test_the_places_that_a_file_names_are_part_of_the_command(tmp_path: Path) -> None:
    report = check(tmp_path, "--extra-index-url https://example.org/simple\nno-such-pkg\n")
    assert report.command.endswith("pip install --extra-index-url https://example.org/simple no-such-pkg")


def test_what_cant_be_told_is_said_and_not_guessed(tmp_path: Path) -> None:
    report = check(tmp_path, "-e ./helpers\ngit+https://example.org/x.git\nnumpy @ https://example.org/numpy.whl\n")
    assert [finding.severity for finding in report.findings] == ["info", "info"]
    assert all("can't be told" in finding.message for finding in report.findings)


def test_passwords_in_urls_are_never_shown(tmp_path: Path) -> None:
    url = "https://me:secret@example.org/simple"
    report = check(tmp_path, f"--index-url {url}\nno-such-pkg\n{url}/x.whl\n")
    assert "secret" not in "".join(map(str, report.findings)) + report.command


def test_the_same_gap_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("no-such-pkg\n")
    assert len(check(tmp_path, "no-such-pkg\n-r more.txt\n").unmet) == 1


@pytest.mark.parametrize("marker", ["python_version ~= 'abc'", "'x' in dependency_groups"])
def test_a_marker_that_cant_be_followed_is_a_warning(tmp_path: Path, marker: str) -> None:
    (finding,) = check(tmp_path, f"numpy\nno-such-pkg; {marker}\n").findings
    assert (finding.severity, finding.line) == ("warning", 2)
    assert "its marker can't be followed" in finding.message


PARTS = st.sampled_from(
    ["numpy", "pip", "no-such", "[all]", ">=1", "==2.*", ";", " python_version<'3'", "@", " ", "\n"]
)


@given(st.lists(PARTS | st.text(max_size=5)).map("".join))
def test_any_text_is_checked_without_a_crash(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "requirements.txt").write_bytes(text.encode("utf-8", "replace"))
    report = check_requirements(folder)
    assert all(finding.severity in {"warning", "info"} for finding in report.findings)
    assert bool(report.unmet) == any("Install what is missing" in finding.remedy for finding in report.findings)


def test_a_folder_without_the_file_requires_nothing(tmp_path: Path) -> None:
    assert check_requirements(tmp_path) == Report()


def test_what_the_runtime_is_made_of_is_kept_by_constraints() -> None:
    kept = {Requirement(line).name for line in own_constraints()}
    assert {"numpy", "pydantic", "livekit", "msgspec", "aiohttp", "click"} <= kept
    assert not kept & {"pytest", "mypy", "torch", "reactor-local"}


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        (["pip", "install", "torch>=2"], 'pip install "torch>=2"'),
        (["pip", "install", "a==1.0"], "pip install a==1.0"),
        (["pip", "install", "a[b]"], 'pip install "a[b]"'),
        (["pip", "install", 'a; b == "c"'], "pip install 'a; b == \"c\"'"),
        (["pip", "install", "a!=1"], "pip install 'a!=1'"),
    ],
)
def test_a_command_can_be_typed_into_any_shell(command: list[str], typed: str) -> None:
    assert as_typed(command) == typed
