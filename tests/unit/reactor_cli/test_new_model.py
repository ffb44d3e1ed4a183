"""`reactor init`: what it writes, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_cli.commands.init import TEMPLATES
from reactor_cli.errors import CliError, UsageProblem
from reactor_cli.new_model import make_model_folder
from reactor_runtime.manifest import load_manifest
from support.limits import PATIENCE_S


def _reactor(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _python(folder, "-P", "-m", "reactor_cli", *arguments)


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=2 * PATIENCE_S, check=False)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_a_valid_model_with_readme_requirements_and_passing_tests(
    tmp_path: Path, template: str
) -> None:
    made = _reactor(tmp_path, "init", "sky-dream", "--template", template)
    assert (made.returncode, made.stderr) == (0, "")
    assert "cd sky-dream" in made.stdout
    folder = tmp_path / "sky-dream"
    assert {"README.md", "requirements.txt", "manifest.json", "model_sky_dream.py", "test_sky_dream.py"} <= {
        file.name for file in folder.iterdir()
    }
    verdict = json.loads(_reactor(tmp_path, "validate", "sky-dream", "--json").stdout)
    assert (verdict["ok"], verdict["model"]) == (True, {"name": "sky-dream", "version": "0.1.0"})
    assert {finding["severity"] for finding in verdict["findings"]} <= {"info"}  # weights may not be here yet
    assert len(verdict["commands"]) >= 2
    tests = _python(folder, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider")
    assert tests.returncode == 0, tests.stdout
    assert "passed" in tests.stdout


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_of_the_templates_own_name_is_left(tmp_path: Path, template: str) -> None:
    folder = make_model_folder(tmp_path / "blue", template)
    for file in set(folder.iterdir()) - {folder / "manifest.schema.json"}:
        for text in (file.name, file.read_text()):
            assert not any(left in text for left in ("my-model", "my_model", "MyModel")), file


@pytest.mark.parametrize("template", TEMPLATES)
def test_editors_find_the_schema_beside_the_manifest(tmp_path: Path, template: str) -> None:
    folder = make_model_folder(tmp_path / "blue", template)
    manifest = json.loads((folder / "manifest.json").read_text())
    schema = json.loads((folder / manifest["$schema"]).read_text())
    jsonschema.validate(manifest, schema)


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("my-model", "MyModel"),
        ("sky", "Sky"),
        ("a1_b-2c", "A1B2c"),
        ("video-model", "VideoModelModel"),  # else it would derive from itself
        ("none", "NoneModel"),
        ("field", "FieldModel"),
        ("COLOURS", "COLOURSModel"),
    ],
)
def test_the_class_is_called_after_the_folder(tmp_path: Path, name: str, cls: str) -> None:
    folder = make_model_folder(tmp_path / name, "video")
    module, _, found = load_manifest(folder).class_path.partition(":")
    assert found == cls
    compile((folder / f"{module}.py").read_text(), module, "exec")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("My Model", "my-model"),
        ("Träumer", "traumer"),
        ("3d", "model-3d"),
        ("..", "my-model"),
        ("con", "model-con"),
        ("-x", "x"),
        ("a.b", "a-b"),
        ("x" * 65, "x" * 58),
        ("日本", "my-model"),
        ("a\nb", "a-b"),
    ],
)
def test_a_name_that_cant_be_one_is_refused_with_one_that_can(tmp_path: Path, name: str, suggestion: str) -> None:
    with pytest.raises(UsageProblem) as refusal:
        make_model_folder(tmp_path / name, "video")
    assert str(refusal.value.message).endswith(f"reactor init {suggestion}")
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=80).filter(lambda name: name not in {"", "."} and "/" not in name))
def test_any_name_is_made_or_refused_with_one_that_works(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("names")
    try:
        made = make_model_folder(folder / name, "video")
    except UsageProblem as refusal:
        made = make_model_folder(folder / refusal.message.rsplit(" ", 1)[1], "video")
    assert made.parent == folder
    assert [file.name for file in folder.iterdir()] == [made.name]
    load_manifest(made)


@pytest.mark.parametrize("name", ["", ".", "..", "sub/.."])
def test_a_path_without_a_name_is_refused(tmp_path: Path, name: str) -> None:
    done = _reactor(tmp_path, "init", name)
    assert done.returncode == 2
    assert "can't be a model's name" in done.stderr


def test_what_is_there_already_is_left_alone_and_another_name_offered(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken-2").write_text("mine")
    done = _reactor(tmp_path, "init", "taken")
    assert done.returncode == 2
    assert "Another name: taken-3" in done.stderr
    assert list((tmp_path / "taken").iterdir()) == []


def test_a_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "blue").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageProblem, match="there already"):
        make_model_folder(tmp_path / "blue", "video")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_isnt_there_to_hold_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="mkdir -p"):
        make_model_folder(tmp_path / "nowhere" / "blue", "video")


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(CliError, match="No space left on device"):
        make_model_folder(tmp_path / "blue", "video")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_template_names_those_there(tmp_path: Path) -> None:
    done = _reactor(tmp_path, "init", "blue", "--template", "vidio")
    assert done.returncode == 2
    assert "'video', 'webcam', 'weights'" in done.stderr
