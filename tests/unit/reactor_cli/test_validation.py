"""`reactor validate`: what it finds without running the model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reactor_cli.validation import Verdict, validate

GOOD: dict[str, Any] = {
    "reactor-runtime": "0.0.4",
    "class": "mine:M",
    "model_name": "mine",
    "model_version": "1.0.0",
}
SOURCE = """\
from reactor_runtime import VideoModel, command
print("imported")
class M(VideoModel):
    def __init__(self, fps=30): raise RuntimeError("not to be called")
    def start_session(self): ...
    @command("go")
    def go(self, speed: float = 1.0): ...
"""


def write(folder: Path, source: str = SOURCE, **changes: Any) -> Path:
    (folder / "manifest.json").write_text(json.dumps({**GOOD, **changes}, indent=2))
    (folder / "mine.py").write_text(source)
    return folder


def errors(verdict: Verdict) -> list[tuple[str, str | None, int | None]]:
    found = [one for one in verdict.findings if one.severity == "error"]
    return [(one.message, one.file.name if one.file else None, one.line) for one in found]


def run(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "reactor_cli", "validate", str(folder), *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_a_good_model_has_no_findings_and_its_init_isnt_called(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\nreactor-runtime==0.0.4\n")
    verdict = validate(write(tmp_path, args={"fps": 10}))
    assert (verdict.ok, verdict.findings, verdict.commands) == (True, (), ("go",))
    assert verdict.requirements_met == 2


def test_everything_wrong_is_found_at_once(tmp_path: Path) -> None:
    source = """\
from reactor_runtime import VideoModel, command
class M(VideoModel):
    def __init__(self, size): ...
    def start_session(self, speed): ...
    def on_frame(self, frame): ...
    @command("one")
    def one(self, a: "Nowhere"): ...
    @command("two")
    def two(self, a: "Nothing"): ...
"""
    (tmp_path / "requirements.txt").write_text("no-such-pkg>=2\ntwo words\n")
    verdict = validate(write(tmp_path, source, args={"fsp": 1, "siez": 2}, weights=["Not-Here"]))
    found = errors(verdict)
    assert [(file, line) for _, file, line in found] == [
        ("manifest.json", 7),
        ("manifest.json", 8),
        ("manifest.json", 6),
        ("mine.py", 6),
        ("mine.py", 8),
        ("mine.py", 4),
    ]
    assert "M.__init__ takes no 'fsp'" in found[0][0]
    assert 'Did you mean "size"?' in found[1][0]
    assert "needs size" in found[2][0]
    assert "Nowhere" in found[3][0]
    assert "called without arguments, but it needs speed" in found[5][0]
    others = {(one.severity, one.file and one.file.name, one.line) for one in verdict.findings}
    assert {
        ("warning", "requirements.txt", 1),
        ("warning", "requirements.txt", 2),
        ("warning", "mine.py", 5),  # a camera that is never asked for
        ("info", None, None),  # weights
    } <= others


def test_a_camera_without_on_frame_is_a_warning(tmp_path: Path) -> None:
    (finding,) = validate(write(tmp_path, video_input=True)).findings
    assert finding.severity == "warning"
    assert "has no on_frame" in finding.message


def test_a_wrong_manifest_is_told_with_the_requirements(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("no-such-pkg\n")
    verdict = validate(write(tmp_path, video_input=1, zzz=2))
    assert [one.pointer for one in verdict.findings] == ["/video_input", "/zzz", None]
    assert verdict.manifest is None
    assert not verdict.ok


def test_a_module_that_cant_be_imported_is_an_error_with_its_line(tmp_path: Path) -> None:
    found = errors(validate(write(tmp_path, "import json\nimport no_such_pkg\n")))
    assert [(file, line) for _, file, line in found] == [("mine.py", 2)]
    assert found[0][0].startswith("there is no module named 'no_such_pkg'. Install it")


def test_code_that_ends_the_process_is_an_error(tmp_path: Path) -> None:
    (found,) = errors(validate(write(tmp_path, "import os\nos._exit(0)\n")))
    assert "ended the process while it was imported" in found[0]


def test_weights_that_are_here_are_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache" / "Here").mkdir(parents=True)
    (tmp_path / "cache" / "Here" / "a.bin").write_bytes(b"1")
    monkeypatch.setenv("REACTOR_REGISTRY_CACHE", str(tmp_path / "cache"))
    (finding,) = validate(write(tmp_path, weights=["Here", "Missing"])).findings
    assert (finding.severity, finding.remedy) == (
        "info",
        "`reactor run` fetches them, or now: reactor download --weights Missing",
    )


def test_a_schema_of_another_version_is_worth_knowing(tmp_path: Path) -> None:
    folder = write(tmp_path, **{"$schema": "./manifest.schema.json"})
    (folder / "manifest.schema.json").write_text("{}")
    (finding,) = validate(folder).findings
    assert finding.severity == "info"
    assert "reactor_protocol.schema manifest" in finding.remedy


def test_findings_are_printed_with_file_line_and_remedy_and_the_exit_code_is_1(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("no-such-pkg\n")
    done = run(write(tmp_path, args={"fsp": 1}))
    assert done.returncode == 1
    assert "error: manifest.json:7: key" in done.stdout
    assert "warning: requirements.txt:1: no-such-pkg isn't installed.\n  Install what is missing: " in done.stdout
    assert done.stdout.endswith("mine 1.0.0: 1 error and 1 warning (1 command, 0 requirements met, 0 weight folders)\n")
    assert "imported" in done.stderr


def test_warnings_alone_end_with_0(tmp_path: Path) -> None:
    assert run(write(tmp_path, video_input=True)).returncode == 0


def test_json_is_all_that_is_on_standard_output(tmp_path: Path) -> None:
    done = run(write(tmp_path, video_input="yes"), "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"], answer["model"]) == (1, False, None)
    assert answer["findings"][0] == {
        "severity": "error",
        "message": 'key "video_input": expected true or false, found string "yes"; did you mean true?',
        "remedy": None,
        "file": str(tmp_path / "manifest.json"),
        "line": 6,
        "pointer": "/video_input",
        "expected": "true or false",
        "found": 'string "yes"',
        "suggestion": "true",
    }


def test_a_folder_without_a_model_is_a_usage_error(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no manifest.json" in done.stderr
