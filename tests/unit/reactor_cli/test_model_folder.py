import json
from pathlib import Path

import pytest

from reactor_cli.errors import CliError, UsageProblem
from reactor_cli.model_folder import find_models, open_model

_GOOD = {"reactor-runtime": "0.0.4", "class": "model_a:A", "model_name": "a", "model_version": "1.0.0"}


def _model(folder: Path, manifest: str | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(_GOOD) if manifest is None else manifest)
    return folder


def test_a_good_folder_gives_its_manifest(tmp_path: Path) -> None:
    folder, manifest = open_model(_model(tmp_path / "a"))
    assert (folder, manifest.model_name) == (tmp_path / "a", "a")


def test_the_manifest_itself_stands_for_its_folder(tmp_path: Path) -> None:
    assert open_model(_model(tmp_path / "a") / "manifest.json")[0] == tmp_path / "a"


def test_a_missing_folder_suggests_its_neighbour(tmp_path: Path) -> None:
    _model(tmp_path / "dream-model")
    with pytest.raises(UsageProblem, match=r"Did you mean .*dream-model"):
        open_model(tmp_path / "draem-model")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "model.py").touch()
    with pytest.raises(UsageProblem, match="is a file"):
        open_model(tmp_path / "model.py")


def test_a_folder_of_models_lists_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        _model(tmp_path / "manifests" / name)
    with pytest.raises(UsageProblem) as caught:
        open_model(tmp_path)
    assert f"reactor run --path {tmp_path}/manifests/one" in str(caught.value)
    assert f"reactor run --path {tmp_path}/manifests/two" in str(caught.value)


def test_a_folder_without_any_model_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"no manifest\.json, nor has any folder in it"):
        open_model(tmp_path)


def test_a_wrong_manifest_names_file_and_line_and_is_no_usage_error(tmp_path: Path) -> None:
    with pytest.raises(CliError, match=r"manifest\.json:2") as caught:
        open_model(_model(tmp_path / "a", '{"model_name": "a",\n}'))
    assert caught.value.exit_code == 1


def test_hidden_folders_are_not_searched(tmp_path: Path) -> None:
    _model(tmp_path / ".venv" / "a")
    assert find_models(tmp_path) == []
