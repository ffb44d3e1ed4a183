import fcntl
import os
import time
from pathlib import Path

import pytest

from reactor_cli.doctor.registry import check_registry
from reactor_cli.doctor.repair import repair
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.doctor.weights import check_weights
from reactor_runtime.weights.download import fetch_folder
from reactor_runtime.weights.layout import Layout
from support.doctor import around, only, severities
from support.manifests import write_manifest
from support.memory_store import folder_store

_NAME = "Some-Model"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that needs one weight folder."""
    return write_manifest(tmp_path / "model", "m:M", weights=[_NAME])


def fetched(here: Surroundings, name: str = _NAME) -> Path:
    return fetch_folder(folder_store(name, {"w.bin": b"1234"}, indexed=True), name, root=here.weights)


def unfinished(here: Surroundings, age_days: float) -> Path:
    tree = Layout(here.weights, _NAME).partial / "tree-1"
    tree.mkdir(parents=True)
    (tree / "w.bin").write_bytes(bytes(1000))
    then_s = time.time() - age_days * 86_400
    for path in (tree / "w.bin", tree, tree.parent):
        os.utime(path, (then_s, then_s))
    return tree


def test_complete_folders_are_counted(tmp_path: Path, model: Path) -> None:
    here = around(tmp_path, model=model)
    fetched(here)
    finding = only(check_weights(here))
    assert (finding.severity, finding.message) == ("ok", "1 folder complete, 0 MB")


def test_a_folder_that_was_written_to_is_an_error_for_the_model_that_needs_it(tmp_path: Path, model: Path) -> None:
    here = around(tmp_path)
    (fetched(here) / "w.bin").write_bytes(b"12345")
    finding = only(check_weights(here))
    assert finding.severity == "warning"
    assert "no longer as it was fetched" in finding.message
    assert f"reactor download --weights {_NAME}" in finding.remedy
    here = around(tmp_path, model=model)
    assert only(check_weights(here)).severity == "error"


def test_what_the_model_needs_and_is_not_here_is_told(tmp_path: Path, model: Path) -> None:
    first, second = check_weights(around(tmp_path, model=model))
    assert first.message == "nothing downloaded"
    assert (second.severity, second.message) == ("info", f"{_NAME} isn't here yet: the start of the model fetches it")


def test_offline_it_is_an_error(tmp_path: Path, model: Path) -> None:
    assert severities(check_weights(around(tmp_path, model=model, offline=True))) == ["ok", "error"]


def test_an_old_unfinished_download_is_removed_by_fix_and_nothing_else(tmp_path: Path) -> None:
    here = around(tmp_path)
    whole = fetched(here)
    tree = unfinished(here, age_days=30)
    findings = list(check_weights(here))
    assert severities(findings) == ["ok", "info"]
    assert "stopped 30 days ago" in findings[1].message
    assert repair(findings, lambda _line: None) == [f"remove the unfinished download of {_NAME}"]
    assert not tree.exists()
    assert (whole / "w.bin").read_bytes() == b"1234"


def test_a_young_unfinished_download_is_kept_to_go_on_with(tmp_path: Path) -> None:
    here = around(tmp_path)
    unfinished(here, age_days=1)
    finding = only(check_weights(here))
    assert finding.fix is None
    assert "goes on where it stopped" in finding.remedy


def test_a_download_under_way_is_left_alone(tmp_path: Path) -> None:
    here = around(tmp_path)
    unfinished(here, age_days=30)
    lock = Layout(here.weights, _NAME).lock
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finding = only(check_weights(here))
    assert (finding.message, finding.fix) == (f"{_NAME} is being downloaded now", None)


# --- the registry -------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


def registry(tmp_path: Path, *folders: str) -> str:
    root = tmp_path / "registry"
    root.mkdir()
    for name in folders:
        (root / name).mkdir()
        (root / name / "w.bin").write_bytes(b"1234")
    return root.as_uri()


def test_a_registry_that_nobody_needs_is_not_asked(tmp_path: Path) -> None:
    assert "nothing here needs it" in only(check_registry(around(tmp_path))).message


def test_a_directory_that_has_what_the_model_needs(tmp_path: Path, model: Path) -> None:
    bucket = registry(tmp_path, _NAME)
    finding = only(check_registry(around(tmp_path, model=model, bucket=bucket)))
    assert (finding.severity, finding.message) == ("ok", f"{bucket} has {_NAME}")


def test_a_directory_that_lacks_what_the_model_needs_is_an_error(tmp_path: Path, model: Path) -> None:
    finding = only(check_registry(around(tmp_path, model=model, bucket=registry(tmp_path, "Other"))))
    assert finding.severity == "error"
    assert f"has no weight folder {_NAME}" in finding.message


def test_what_is_here_already_is_not_asked_for(tmp_path: Path, model: Path) -> None:
    here = around(tmp_path, model=model)
    fetched(here)
    assert "isn't asked" in only(check_registry(here)).message


def test_a_directory_that_is_not_there_is_an_error_only_if_something_must_be_fetched(
    tmp_path: Path, model: Path
) -> None:
    bucket = (tmp_path / "nowhere").as_uri()
    assert only(check_registry(around(tmp_path, bucket=bucket))).severity == "warning"
    assert only(check_registry(around(tmp_path, bucket=bucket, model=model))).severity == "error"


def test_a_name_that_is_no_registry_is_told(tmp_path: Path) -> None:
    finding = only(check_registry(around(tmp_path, bucket="ftp://x")))
    assert finding.severity == "warning"
    assert "ftp://x" in finding.message


def test_offline_no_registry_is_asked(tmp_path: Path, model: Path) -> None:
    finding = only(check_registry(around(tmp_path, model=model, offline=True, bucket="mine")))
    assert "--offline" in finding.message
