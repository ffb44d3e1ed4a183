"""Each thing that is wrong with a manifest, as programs read it: where, what was found, expected and meant."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_protocol.manifest import Manifest
from reactor_runtime.findings import Finding, json_pointer
from reactor_runtime.manifest import ManifestError, load_manifest
from reactor_runtime.manifest_rules import KNOWN_KEYS

GOOD: dict[str, Any] = {
    "reactor-runtime": "0.0.4",
    "class": "model_x:X",
    "model_name": "x",
    "model_version": "1.0.0",
}
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def findings_in(text: str) -> tuple[Finding, ...]:
    """Empty when it is a good manifest."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "manifest.json").write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            assert isinstance(load_manifest(Path(folder)), Manifest)
        except ManifestError as error:
            assert error.findings
            return error.findings
    return ()


def findings(**changes: Any) -> tuple[Finding, ...]:
    return findings_in(json.dumps({**GOOD, **changes}, indent=2))


def test_a_finding_carries_file_pointer_line_found_expected_and_what_was_meant() -> None:
    (finding,) = findings(video_input="yes")
    assert finding.file is not None
    assert finding.file.name == "manifest.json"
    assert (finding.severity, finding.pointer, finding.line) == ("error", "/video_input", 6)
    assert (finding.expected, finding.found, finding.suggestion) == ("true or false", 'string "yes"', "true")
    assert str(finding) == (
        'manifest.json, line 6: key "video_input": expected true or false, found string "yes"; did you mean true?'
    )


def test_all_problems_come_at_once_in_the_order_of_lines() -> None:
    found = findings(**{"reactor-runtime": ">=99", "model_version": "1", "wieghts": [], "weights": ["../up", 3]})
    pointers = ["/reactor-runtime", "/model_version", "/wieghts", "/weights/0", "/weights/1"]
    assert [finding.pointer for finding in found] == pointers


@pytest.mark.parametrize(
    ("changes", "meant"),
    [
        ({"class": "model_x.X"}, '"model_x:X"'),
        ({"class": "src/model_x.py:X"}, '"src.model_x:X"'),
        ({"class": "pack.inner.X"}, '"pack.inner:X"'),
        ({"class": "X"}, None),
        ({"class": 3}, None),
        ({"model_version": "1"}, '"1.0.0"'),
        ({"model_version": "v1.2.3"}, '"1.2.3"'),
        ({"model_version": 1.5}, '"1.5.0"'),
        ({"model_version": "01.2.3"}, '"1.2.3"'),
        ({"model_version": "1.2.3.4"}, None),
        ({"model_version": "new"}, None),
        ({"video_input": 0}, "false"),
        ({"weights": "Folder"}, '["Folder"]'),
        ({"max_fps": "30"}, "30"),
        ({"description": 7}, '"7"'),
        ({"args": []}, None),
        ({"reactor-runtime": 0.1}, '"0.1"'),
        ({"reactor-runtime": "^0.0.4"}, '">=0.0.4"'),
        ({"reactor-runtime": "0.0.4,<1"}, '">=0.0.4"'),
    ],
)
def test_what_was_probably_meant_is_suggested(changes: dict[str, Any], meant: str | None) -> None:
    (finding,) = findings(**changes)
    assert finding.suggestion == meant
    assert (f"did you mean {meant}?" in finding.message) == (meant is not None)


@pytest.mark.parametrize(
    ("key", "meant"),
    [("name", "model_name"), ("version", "model_version"), ("modelName", "model_name"), ("schema", "$schema")],
)
def test_a_key_that_ends_in_the_same_word_or_is_spelled_alike_is_suggested(key: str, meant: str) -> None:
    (finding,) = findings(**{key: "1.0.0"})
    assert finding.suggestion == meant


def test_a_key_that_is_there_under_a_wrong_name_is_not_missing_as_well() -> None:
    value = {name: value for name, value in GOOD.items() if name != "class"}
    (finding,) = findings_in(json.dumps({**value, "clas": "model_x:X"}))
    assert finding.suggestion == "class"


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "_models", "CON", "a\\b"])
def test_a_name_that_can_be_no_weight_folder_is_refused(name: str) -> None:
    (finding,) = findings(weights=["Good", name])
    assert finding.pointer == "/weights/1"
    assert "no name of a weight folder" in finding.message


def test_a_weight_folder_listed_twice_is_said_to_be() -> None:
    (finding,) = findings(weights=["A", "B", "A"])
    assert finding.pointer == "/weights/2"
    assert 'as "weights.0"' in finding.message


@pytest.mark.parametrize("wanted", ["0.1.0rc1", ">=0.1.0a1", "~=0.0.4rc2", "!=0.0.3", "0", "v0.0.4", ">=0.0.4,!=0.1.0"])
def test_pre_releases_and_ranges_are_versions(wanted: str) -> None:
    assert findings(**{"reactor-runtime": wanted}) == ()


@pytest.mark.parametrize("schema", ["./manifest.schema.json", "https://example.org/manifest.json", ""])
def test_a_schema_is_for_editors_only(schema: str) -> None:
    assert findings(**{"$schema": schema}) == ()


def test_a_pointer_escapes_what_rfc_6901_escapes() -> None:
    assert json_pointer(("args", "a/b~c", 0)) == "/args/a~1b~0c/0"


@given(st.dictionaries(st.sampled_from(KNOWN_KEYS) | st.text(), VALUES, max_size=6))
def test_any_object_is_a_manifest_or_has_findings_with_a_place(changes: dict[str, Any]) -> None:
    value = {**GOOD, **changes}
    lines = json.dumps(value, indent=1).count("\n") + 1
    for finding in findings_in(json.dumps(value, indent=1)):
        assert finding.file is not None
        assert finding.severity == "error"
        if finding.pointer is not None:
            assert 1 <= (finding.line or 1) <= lines
            assert _resolves(value, finding.pointer)


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")) | VALUES.map(json.dumps))
def test_any_text_is_refused_with_a_reason(text: str) -> None:
    assert all(finding.message for finding in findings_in(text))


@given(st.data())
def test_a_manifest_cut_anywhere_names_a_line_in_it(data: st.DataObject) -> None:
    text = json.dumps(GOOD, indent=2)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    (finding,) = findings_in(cut)
    assert finding.line is not None
    assert 1 <= finding.line <= cut.count("\n") + 1


def _resolves(value: Any, pointer: str) -> bool:
    """Whether the pointer leads to something that is there."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return True
