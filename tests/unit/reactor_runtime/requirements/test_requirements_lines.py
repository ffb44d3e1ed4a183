"""requirements.txt read as pip reads it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from reactor_runtime.requirements.lines import Requirements, read_requirements


def read(folder: Path, text: str) -> Requirements:
    (folder / "requirements.txt").write_text(text)
    return read_requirements(folder / "requirements.txt")


def asked(found: Requirements) -> list[tuple[int, str]]:
    return [(line.number, line.text) for line in found.lines]


def test_comments_blank_lines_and_joined_lines_are_pips(tmp_path: Path) -> None:
    found = read(tmp_path, "# all\n\nnumpy>=1.26  # why\ntorch \\\n  >=2.2\nname#no-comment-without-space\n\tlast\n")
    assert asked(found)[:2] == [(3, "numpy>=1.26"), (4, "torch    >=2.2")]
    assert asked(found)[2] == (7, "last")
    assert [finding.line for finding in found.findings] == [6]


def test_markers_extras_and_direct_references_are_parsed(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "uvicorn[standard]>=0.3; python_version >= '3.8'\nmine @ https://example.org/mine-1.0-py3-none-any.whl\n",
    )
    first, second = (line.requirement for line in found.lines)
    assert first is not None
    assert first.extras == {"standard"}
    assert second is not None
    assert second.url == "https://example.org/mine-1.0-py3-none-any.whl"


def test_included_files_are_read_from_where_they_lie_and_once(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("-r ../requirements.txt\n--requirement=extra.txt\nnumpy\n")
    (tmp_path / "more" / "extra.txt").write_text("scipy\n")
    found = read(tmp_path, "-rmore/base.txt\ntorch\n")
    assert [(line.file.name, line.text) for line in found.lines] == [
        ("extra.txt", "scipy"),
        ("base.txt", "numpy"),
        ("requirements.txt", "torch"),
    ]
    assert found.findings == []


def test_an_included_file_that_isnt_there_is_named_with_its_line(tmp_path: Path) -> None:
    found = read(tmp_path, "numpy\n-r nowhere.txt\nscipy\n")
    assert [line.text for line in found.lines] == ["numpy", "scipy"]
    (finding,) = found.findings
    assert (finding.severity, finding.line) == ("warning", 2)
    assert "No such file" in finding.message


@pytest.mark.parametrize(
    "text", ["-e ./helpers", "--editable=./helpers", "./helpers", "helpers/dist/x.tar.gz", "../other.whl"]
)
def test_paths_are_asked_for_without_a_name_and_made_absolute(tmp_path: Path, text: str) -> None:
    (line,) = read(tmp_path, text).lines
    assert line.requirement is None
    assert Path(line.arguments[-1]).is_absolute()


@pytest.mark.parametrize("text", ["git+https://example.org/x.git@v1", "https://example.org/x-1.0-py3-none-any.whl"])
def test_urls_are_asked_for_as_they_stand(tmp_path: Path, text: str) -> None:
    (line,) = read(tmp_path, text).lines
    assert (line.requirement, line.arguments) == (None, (text,))


def test_where_installers_look_is_kept_for_them(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    found = read(
        tmp_path, "--extra-index-url https://example.org/simple\n-f wheels\n--no-index\n--pre\n-c limits.txt\n"
    )
    assert found.options == [
        *("--extra-index-url", "https://example.org/simple"),
        *("--find-links", str(tmp_path / "wheels")),
        "--no-index",
        "--pre",
        *("--constraint", "limits.txt"),
    ]


def test_an_option_that_isnt_followed_is_said_so(tmp_path: Path) -> None:
    found = read(tmp_path, "--prefer-binary\nnumpy --hash=sha256:abc\n")
    assert "--prefer-binary isn't taken into account" in found.findings[0].message
    (line,) = found.lines
    assert (line.requirement, line.has_options) == (Requirement("numpy"), True)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("torch=>2.2", "torch>=2.2"), ("torch=2.2", "torch==2.2"), ("torch=<2", "torch<=2"), ("two words", None)],
)
def test_what_is_no_requirement_is_a_warning_with_its_line_and_what_was_meant(
    tmp_path: Path, text: str, meant: str | None
) -> None:
    found = read(tmp_path, f"numpy\n{text}\n")
    (finding,) = found.findings
    assert finding.line == 2
    assert f'"{text}" is no requirement' in finding.message
    assert (f'Did you mean "{meant}"?' in finding.message) == (meant is not None)


def test_a_password_in_a_line_that_cant_be_read_isnt_shown(tmp_path: Path) -> None:
    (finding,) = read(tmp_path, "x @@ https://user:secret@example.org\n").findings
    assert "secret" not in str(finding)


def test_bytes_that_are_no_text_are_a_finding(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfe\x00")
    found = read_requirements(tmp_path / "requirements.txt")
    assert "can't be read" in found.findings[0].message


def test_without_the_file_nothing_is_asked_for(tmp_path: Path) -> None:
    assert read_requirements(tmp_path / "requirements.txt") == Requirements()


LINES = st.sampled_from(
    ["numpy", "torch>=2", "-e .", "-r", "-r requirements.txt", "--hash", "\\", "# c", "x; y", "-f 'a", "./p", "é"]
)


@given(st.lists(LINES | st.text(max_size=20)))
def test_any_text_gives_lines_or_findings_with_a_line_number(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    file = tmp_path_factory.getbasetemp() / "requirements.txt"
    text = "\n".join(lines).encode("utf-8", "replace")
    file.write_bytes(text)
    found = read_requirements(file)
    last = len(text.decode().splitlines())
    for number in [line.number for line in found.lines] + [finding.line or 0 for finding in found.findings]:
        assert 1 <= number <= last


def test_lines_that_ask_for_nothing_hide_none_that_do(tmp_path: Path) -> None:
    found = read(tmp_path, "# a\ntwo words\n-r no\n--odd\nnumpy\n\nscipy # last")
    assert [line.text for line in found.lines] == ["numpy", "scipy"]
