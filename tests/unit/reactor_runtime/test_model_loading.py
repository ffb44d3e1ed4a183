import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reactor_protocol.manifest import Manifest
from reactor_runtime import ModelLoadError, VideoModel
from reactor_runtime.loader import enter_folder, load_class, make_model

MODEL = "from reactor_runtime import VideoModel\nclass M(VideoModel):\n    def start_session(self): pass\n"


@pytest.fixture(autouse=True)
def own_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(Path.cwd())
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def manifest_for(folder: Path, path: str = "model_m:M", args: dict[str, Any] | None = None) -> Manifest:
    manifest = Manifest.model_validate(
        {
            "reactor-runtime": "0.0.4",
            "class": path,
            "model_name": "m",
            "model_version": "1.0.0",
            "args": args or {},
        }
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json(by_alias=True, indent=1), "utf-8")
    return manifest


def load(folder: Path, source: str, path: str = "model_m:M") -> type[VideoModel]:
    (folder / "model_m.py").write_text(source, "utf-8")
    manifest = manifest_for(folder, path)
    enter_folder(folder)
    return load_class(folder, manifest)


def refusal(folder: Path, source: str, path: str = "model_m:M") -> ModelLoadError:
    with pytest.raises(ModelLoadError) as caught:
        load(folder, source, path)
    return caught.value


def test_a_class_in_the_folder_loads(tmp_path: Path) -> None:
    assert load(tmp_path, MODEL).__name__ == "M"


def test_a_class_in_a_dotted_module_loads(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "inner.py").write_text(MODEL)
    assert load(tmp_path, "", "pack.inner:M").__module__ == "pack.inner"


def test_a_missing_module_names_the_file_and_a_near_one(tmp_path: Path) -> None:
    error = refusal(tmp_path, MODEL, "modell_m:M")
    assert "there is no modell_m.py" in error.message
    assert 'Did you mean "model_m"?' in error.message
    assert error.file == tmp_path / "manifest.json"
    assert error.line == 4


def test_a_missing_class_names_a_near_one(tmp_path: Path) -> None:
    error = refusal(tmp_path, MODEL.replace("class M", "class MyModel"), "model_m:MyModle")
    assert "model_m.py has no class MyModle" in error.message
    assert 'Did you mean "MyModel"?' in error.message


def test_a_missing_class_lists_the_models_there(tmp_path: Path) -> None:
    assert "Models there: M." in refusal(tmp_path, MODEL, "model_m:Zzzzzzz").message


def test_a_class_that_is_no_model_is_told_what_to_derive_from(tmp_path: Path) -> None:
    assert "class M(VideoModel)" in refusal(tmp_path, "class M: pass").message


def test_something_that_is_no_class_is_named(tmp_path: Path) -> None:
    assert "no class but of type int" in refusal(tmp_path, "M = 3").message


def test_a_model_without_start_session_is_refused(tmp_path: Path) -> None:
    source = "from reactor_runtime import VideoModel\nclass M(VideoModel): pass\n"
    assert "Define `def start_session(self)`" in refusal(tmp_path, source).message


def test_an_error_in_the_users_code_names_file_and_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, "import json\n\nvalue = json.loads('no')\n")
    assert error.message.startswith("model_m.py, line 3: ")
    assert "JSONDecodeError" in error.message
    assert (error.file, error.line) == (tmp_path / "model_m.py", 3)


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, "x = 1\ndef broken(:\n")
    assert (error.file, error.line) == (tmp_path / "model_m.py", 2)
    assert "SyntaxError" in error.message


def test_sys_exit_at_import_is_an_error_not_an_exit(tmp_path: Path) -> None:
    assert "sys.exit(3)" in refusal(tmp_path, "import sys\nsys.exit(3)\n").message


@pytest.mark.parametrize(
    ("listed", "command"),
    [
        ("", "pip install not-here-pkg"),
        ("Not.Here_pkg\n", "pip install Not.Here_pkg"),
        ("# all\nnot-here-pkg>=2,<3  # why\n", 'pip install "not-here-pkg>=2,<3"'),
    ],
)
def test_a_missing_package_is_named_with_the_install_command(tmp_path: Path, listed: str, command: str) -> None:
    (tmp_path / "requirements.txt").write_text(listed)
    error = refusal(tmp_path, "x = 1\nimport not_here_pkg\n")
    assert error.line == 2
    assert "no module named 'not_here_pkg'" in error.message
    assert command.replace("not-here-pkg", "not_here_pkg" if not listed else "not-here-pkg") in error.message


def test_a_package_that_is_called_otherwise_is_named_as_pip_knows_it(tmp_path: Path) -> None:
    assert "Install it: " in (message := refusal(tmp_path, "import cv2\n").message)
    assert message.endswith("pip install opencv-python")


def test_a_module_that_no_package_is_known_for_may_be_a_file_that_is_missing(tmp_path: Path) -> None:
    message = refusal(tmp_path, "import my_helpers.part\n").message
    assert "unless it should be my_helpers.py in the model's folder: " in message
    assert message.endswith("pip install my_helpers")


def test_a_misspelt_module_of_the_folder_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("")
    assert 'Did you mean "helpers"?' in refusal(tmp_path, "import helperss\n").message


def test_a_wrong_command_is_reported_with_its_line(tmp_path: Path) -> None:
    source = (
        "from reactor_runtime import VideoModel, command\n"
        "class M(VideoModel):\n"
        "    def start_session(self): pass\n"
        "    @command('go')\n"
        "    def go(self, **anything): pass\n"
    )
    error = refusal(tmp_path, source)
    assert "M.go" in error.message
    assert "**anything" in error.message
    assert "model_m.py:4" in error.message


def make(folder: Path, init: str, args: dict[str, Any]) -> VideoModel:
    cls = load(folder, f"{MODEL}    {init}\n")
    manifest_for(folder, args=args)
    return make_model(cls, folder, args)


def test_args_are_the_keyword_arguments_of_init(tmp_path: Path) -> None:
    model = make(
        tmp_path, "def __init__(self, fps=1, **kw): super().__init__(**kw); self.fps = fps", {"fps": 9, "z": 1}
    )
    assert vars(model) == {"fps": 9}


def test_an_unknown_arg_names_the_line_in_the_manifest_and_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError) as caught:
        make(tmp_path, "def __init__(self, fps=1): pass", {"fsp": 9})
    assert 'key "args.fsp": M.__init__ takes no \'fsp\'. Did you mean "fps"?' in caught.value.message
    assert caught.value.file == tmp_path / "manifest.json"
    assert caught.value.line == 8


def test_a_missing_arg_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r'key "args": M.__init__ needs size. Add it there.'):
        make(tmp_path, "def __init__(self, size, fps=1): pass", {"fps": 9})


def test_an_init_that_raises_names_the_users_line(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError) as caught:
        make(tmp_path, "def __init__(self): raise ValueError('no GPU')", {})
    assert "model_m.py, line 4: M.__init__ failed: ValueError: no GPU" in caught.value.message


def test_an_init_that_exits_is_an_error_not_an_exit(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"sys.exit\(1\)"):
        make(tmp_path, "def __init__(self): raise SystemExit(1)", {})


def test_an_init_that_panics_in_native_code_is_an_error_with_the_users_line(tmp_path: Path) -> None:
    source = """
    def __init__(self):
        class PanicException(BaseException): pass
        raise PanicException("index out of bounds")
"""
    with pytest.raises(ModelLoadError, match="PanicException: index out of bounds") as error:
        make(tmp_path, source, {})
    assert error.value.line is not None


def test_a_model_without_init_takes_any_args(tmp_path: Path) -> None:
    assert make(tmp_path, "x = 1", {"anything": 1})
