import json
from pathlib import Path

import pytest

from reactor_cli.doctor.configuration import check_settings
from reactor_cli.doctor.model import check_model
from reactor_cli.doctor.surroundings import look_around
from reactor_cli.errors import UsageProblem
from support.doctor import around, only

_GOOD = {"reactor-runtime": "0.0.4", "class": "mine:M", "model_name": "mine", "model_version": "1.0.0"}
_CODE = "from reactor_runtime import VideoModel\nclass M(VideoModel):\n    def start_session(self): ...\n"


def test_a_good_model_is_told_by_name_and_version(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(_GOOD))
    (tmp_path / "mine.py").write_text(_CODE)
    findings = list(check_model(around(tmp_path, model=tmp_path)))
    assert [finding.severity for finding in findings] == ["ok"]
    assert "mine 1.0.0" in findings[0].message


def test_each_mistake_in_the_manifest_is_a_finding_with_its_line(tmp_path: Path) -> None:
    wrong = _GOOD | {"model_version": "one", "weigths": []}
    (tmp_path / "manifest.json").write_text(json.dumps(wrong, indent=1))
    findings = list(check_model(around(tmp_path, model=tmp_path)))
    assert [(finding.severity, finding.line) for finding in findings] == [("error", 5), ("error", 6)]
    assert all(finding.file == tmp_path / "manifest.json" for finding in findings)
    assert "weights" in findings[1].message + findings[1].remedy


def test_a_requirement_that_is_missing_is_a_warning_with_its_line_and_command(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(_GOOD))
    (tmp_path / "mine.py").write_text(_CODE)
    (tmp_path / "requirements.txt").write_text("numpy\nreactor-runtime==0.0.4\nno-such-pkg\n")
    good, missing = check_model(around(tmp_path, model=tmp_path))
    assert (good.severity, missing.severity, missing.line) == ("ok", "warning", 3)
    assert missing.remedy.endswith("install no-such-pkg")


def test_an_import_that_fails_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(_GOOD))
    (tmp_path / "mine.py").write_text("import os\nimport not_there_at_all\n")
    finding = only(check_model(around(tmp_path, model=tmp_path)))
    assert finding.severity == "error"
    assert "not_there_at_all" in finding.message
    assert (finding.file, finding.line) == (tmp_path / "mine.py", 2)


def test_a_folder_without_a_manifest_is_an_error_where_it_was_named(tmp_path: Path) -> None:
    finding = only(check_model(around(tmp_path, model=tmp_path)))
    assert finding.severity == "error"
    assert "has no manifest.json" in finding.message


def test_no_model_is_no_error(tmp_path: Path) -> None:
    assert only(check_model(around(tmp_path))).severity == "info"


def test_the_callers_folder_is_looked_at_if_it_holds_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert look_around({}).model is None
    (tmp_path / "manifest.json").write_text(json.dumps(_GOOD))
    assert look_around({}).model == Path()


def test_a_setting_in_the_environment_that_cannot_be_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_MAX_QUEUE", "many")
    finding = only(check_settings(look_around({"coordinator_port": 9000})))
    assert finding.severity == "error"
    assert "REACTOR_MAX_QUEUE (environment)" in finding.message


def test_a_flag_that_cannot_be_is_a_mistake_in_calling() -> None:
    with pytest.raises(UsageProblem, match="--coordinator-port"):
        look_around({"coordinator_port": 0})
