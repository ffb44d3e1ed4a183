import json
from pathlib import Path
from typing import Any

import pytest

from reactor_protocol.manifest import Manifest
from reactor_runtime.manifest import ManifestError, load_manifest, max_fps

GOOD: dict[str, Any] = {
    "reactor-runtime": "0.0.4",
    "class": "model_x:X",
    "model_name": "x",
    "model_version": "1.0.0",
    "args": {"fps": 24},
    "weights": ["Some-Folder"],
    "video_input": True,
}


def write(folder: Path, text: str) -> Path:
    (folder / "manifest.json").write_text(text, "utf-8")
    return folder


def refusal(folder: Path, text: str) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        load_manifest(write(folder, text))
    return caught.value


def changed(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes}, indent=2)


def test_a_good_manifest_loads(tmp_path: Path) -> None:
    manifest = load_manifest(write(tmp_path, json.dumps(GOOD)))
    assert manifest.class_path == "model_x:X"
    assert manifest.args == {"fps": 24}
    assert manifest.weights == ["Some-Folder"]
    assert manifest.video_input


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert load_manifest(write(tmp_path, "\ufeff" + json.dumps(GOOD))).model_name == "x"


def test_a_missing_manifest_names_the_folder_and_a_near_file(tmp_path: Path) -> None:
    (tmp_path / "manifets.json").write_text("{}")
    with pytest.raises(ManifestError) as caught:
        load_manifest(tmp_path)
    assert str(tmp_path) in caught.value.message
    assert "manifets.json" in caught.value.message
    assert caught.value.file == tmp_path / "manifest.json"


def test_a_path_that_is_no_folder_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="is not a folder"):
        load_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{\n  "class": "a:B",\n}', 3, "a comma before the closing }"),
        ('{\n  // hi\n  "class": "a:B"\n}', 2, "comments aren't allowed"),
        ("{\n'class': 1}", 2, "double quotes"),
        ('{\n"class": "a:B"', 2, "ends too early"),
        ('{\n"class": "a:B"\n\n"args": {}}', 4, "a comma is missing at the end of line 2"),
        ('{\n"weights": ["A" "B"]}', 2, 'column 17: not JSON: a comma is missing before this "'),
        ("", 1, "ends too early"),
    ],
)
def test_a_syntax_error_names_line_column_and_what_to_do(tmp_path: Path, text: str, line: int, said: str) -> None:
    error = refusal(tmp_path, text)
    assert error.line == line
    assert error.file == tmp_path / "manifest.json"
    assert f"line {line}, column" in error.message
    assert said in error.message


@pytest.mark.parametrize("text", ["[]", "3", '"x"', "null"])
def test_only_an_object_is_a_manifest(tmp_path: Path, text: str) -> None:
    assert "expected an object" in refusal(tmp_path, text).message


@pytest.mark.parametrize("text", ["NaN", "[" * 100_000, '{"args": Infinity}'])
def test_text_that_only_python_takes_for_json_is_refused(tmp_path: Path, text: str) -> None:
    assert "not JSON" in refusal(tmp_path, text).message


def test_deep_nesting_is_refused_not_a_crash(tmp_path: Path) -> None:
    assert "not JSON" in refusal(tmp_path, '{"args": ' + "[" * 900 + "]" * 900 + "}").message


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ManifestError, match="byte 7 isn't UTF-8"):
        load_manifest(tmp_path)


def test_an_unknown_key_names_its_line_and_the_closest_known_key(tmp_path: Path) -> None:
    error = refusal(tmp_path, changed(max_fsp=3))
    assert error.line == len(changed(max_fsp=3).splitlines()) - 1
    assert 'unknown key "max_fsp"; did you mean "max_fps"?' in error.message


def test_a_python_spelling_of_a_key_is_unknown(tmp_path: Path) -> None:
    text = json.dumps({"reactor_runtime": "0.0.4", **{k: v for k, v in GOOD.items() if k != "reactor-runtime"}})
    message = refusal(tmp_path, text).message
    assert 'unknown key "reactor_runtime"; did you mean "reactor-runtime"?' in message


def test_an_unknown_key_like_none_lists_the_known_ones(tmp_path: Path) -> None:
    assert "known keys: " in refusal(tmp_path, changed(zzzz=1)).message


def test_a_key_that_occurs_twice_names_both_lines(tmp_path: Path) -> None:
    text = changed().replace('"model_name": "x",', '"model_name": "x",\n  "model_name": "y",')
    error = refusal(tmp_path, text)
    assert 'key "model_name" is there already, in line 4' in error.message
    assert error.line == 5


def test_a_nested_key_that_occurs_twice_is_found(tmp_path: Path) -> None:
    text = changed().replace('"fps": 24', '"fps": 24, "fps": 25')
    assert 'key "args.fps" is there already' in refusal(tmp_path, text).message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"video_input": "yes"}, 'key "video_input": expected true or false, found string "yes"'),
        ({"args": [1]}, 'key "args": expected an object, found array [1]'),
        ({"weights": "One"}, 'key "weights": expected an array, found string "One"'),
        ({"weights": ["a", 3]}, 'key "weights.1": expected a string, found number 3'),
        ({"model_name": None}, 'key "model_name": expected a string, found null'),
        ({"class": "model_x"}, 'key "class": expected "module:Class"'),
        ({"model_version": "1.0"}, 'key "model_version": expected a semantic version'),
        ({"max_fps": 0}, 'key "max_fps": expected greater than 0, found number 0'),
        ({"model_name": ""}, 'key "model_name"'),
    ],
)
def test_a_wrong_value_names_key_expected_and_found(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    error = refusal(tmp_path, changed(**changes))
    assert said in error.message
    assert error.line is not None
    assert error.line > 1


@pytest.mark.parametrize("key", ["reactor-runtime", "class", "model_name", "model_version"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    text = json.dumps({name: value for name, value in GOOD.items() if name != key})
    assert f'key "{key}" is missing; expected' in refusal(tmp_path, text).message


def test_all_findings_are_told_at_once(tmp_path: Path) -> None:
    message = refusal(tmp_path, changed(video_input=1, wieghts=[])).message
    assert "video_input" in message
    assert 'did you mean "weights"?' in message


@pytest.mark.parametrize("wanted", ["0.0.4", "0.0.1", ">=0.0.4", "==0.0.4", "~=0.0.4", ">=0.1,<1", "", "==0.1.0"])
def test_a_requirement_holds_by_our_version_or_the_published_one(tmp_path: Path, wanted: str) -> None:
    assert load_manifest(write(tmp_path, changed(**{"reactor-runtime": wanted})))


@pytest.mark.parametrize("wanted", ["99.0.0", ">=99", "==0.0.3", "<0.0.4"])
def test_a_requirement_that_neither_satisfies_is_refused(tmp_path: Path, wanted: str) -> None:
    message = refusal(tmp_path, changed(**{"reactor-runtime": wanted})).message
    assert f'the model wants "{wanted}"' in message
    assert "0.0.4" in message


def test_a_requirement_that_is_none_says_what_one_looks_like(tmp_path: Path) -> None:
    message = refusal(tmp_path, changed(**{"reactor-runtime": "latest"})).message
    assert 'expected a version ("0.0.4": that one or newer) or specifiers (">=0.0.4,<1")' in message


@pytest.mark.parametrize(
    ("changes", "fps"),
    [
        ({"max_fps": 15.0}, 15.0),
        ({"args": {"fps": 24}}, 24.0),
        ({"args": {"fps": 24}, "max_fps": 30.0}, 30.0),
        ({"args": {}}, 60.0),
        ({"args": {"fps": True}}, 60.0),
        ({"args": {"fps": "fast"}}, 60.0),
        ({"args": {"fps": 0}}, 60.0),
        ({"args": {"fps": 100_000}}, 240.0),
    ],
)
def test_the_fastest_rate_comes_from_max_fps_then_args_then_60(changes: dict[str, Any], fps: float) -> None:
    assert max_fps(Manifest.model_validate({**GOOD, **changes})) == fps
