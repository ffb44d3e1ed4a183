import enum
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_runtime.jsonable import to_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_every_json_object_comes_back_as_it_was(message: dict[str, Any]) -> None:
    assert json.loads(to_json(message)) == message


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.integers(-128, 127))
def test_numpy_scalars_and_arrays_become_plain_values(real: float, whole: int) -> None:
    message = {
        "f": np.float32(real),
        "i": np.int8(whole),
        "b": np.bool_(True),
        "a": np.array([[whole]], np.int8),
        "n": [{"x": np.float64(real)}],
    }
    assert json.loads(to_json(message)) == {"f": real, "i": whole, "b": True, "a": [[whole]], "n": [{"x": real}]}


def test_tuples_strings_of_enums_and_whole_number_keys_are_as_in_pythons_json() -> None:
    class Status(enum.StrEnum):
        READY = "ready"

    assert json.loads(to_json({"t": (1, 2), 3: Status.READY})) == {"t": [1, 2], "3": "ready"}


def test_text_is_sent_as_it_is() -> None:
    assert to_json({"a": "é漢"}) == '{"a":"é漢"}'.encode()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"a": [{"b": {1}}]}, r"a\[0\]\.b: set isn't JSON"),
        ({"a": b"x"}, "a: bytes isn't JSON"),
        ({"when": datetime(2026, 1, 1, tzinfo=UTC)}, "when: datetime isn't JSON"),
        ({"a": float("nan")}, "a: nan isn't JSON"),
        ({"a": np.array([1.0, np.inf])}, r"a\[1\]: inf isn't JSON"),
        ({"a": np.zeros(200_000)}, "a: an array of 200,000 values"),
        ({"a": {None: 1}}, r"a: a key of type NoneType \(None\)"),
        ({"a": "\ud800"}, "a: text with half a surrogate pair"),
        ({"a": np.array([object()])}, r"a\[0\]: object isn't JSON"),
    ],
)
def test_what_is_not_json_is_named_with_its_path(message: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        to_json(message)


@pytest.mark.parametrize("message", [[1], "text", None, 3])
def test_a_message_is_a_dict(message: object) -> None:
    with pytest.raises(TypeError, match="send takes a dict"):
        to_json(message)


def test_a_dict_within_itself_is_refused() -> None:
    message: dict[str, Any] = {}
    message["me"] = message
    with pytest.raises(TypeError, match="within itself"):
        to_json(message)
