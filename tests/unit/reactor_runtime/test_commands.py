import enum
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from reactor_protocol.capabilities import Capabilities
from reactor_protocol.manifest import Manifest
from reactor_runtime import CommandDefinitionError, VideoModel, command
from reactor_runtime.arguments import InvalidArgumentsError, prepare_commands
from reactor_runtime.capabilities import describe
from reactor_runtime.commands import collect_commands

MANIFEST = Manifest.model_validate(
    {"reactor-runtime": "0.0.4", "class": "m:M", "model_name": "m", "model_version": "1.0.0", "video_input": True}
)


class Mode(enum.Enum):
    FAST = "fast"
    GOOD = "good"


class Point(BaseModel):
    x: float
    mode: Mode = Mode.FAST


class Base(VideoModel):
    def start_session(self) -> None: ...

    @command("set_prompt", description="What to show")
    def set_prompt(self, prompt: str = Field(..., description="text", max_length=5)) -> None: ...

    @command()
    def reset(self) -> None:
        """Start again.

        From nothing.
        """


def arguments(cls: type[VideoModel], name: str, data: Any) -> dict[str, Any]:
    return prepare_commands(cls)[name][1].validate(json.dumps(data).encode())


def schema(cls: type[VideoModel], name: str) -> dict[str, dict[str, Any]]:
    return capabilities(cls).commands[name].parameters


def capabilities(cls: type[VideoModel]) -> Capabilities:
    return describe(prepare_commands(cls), MANIFEST)


def test_a_command_without_a_name_is_called_as_its_method() -> None:
    assert list(collect_commands(Base)) == ["set_prompt", "reset"]


def test_a_description_left_out_comes_from_the_docstring() -> None:
    assert collect_commands(Base)["reset"].description == "Start again."
    assert collect_commands(Base)["set_prompt"].description == "What to show"


def test_the_decorator_works_without_parentheses() -> None:
    class M(Base):
        @command
        def go(self) -> None: ...

    assert "go" in collect_commands(M)


def test_subclasses_inherit_commands_and_keep_their_own_to_themselves() -> None:
    class M(Base):
        @command("more")
        def more(self) -> None: ...

    assert list(collect_commands(M)) == ["set_prompt", "reset", "more"]
    assert list(collect_commands(Base)) == ["set_prompt", "reset"]


def test_commands_of_a_mixin_count() -> None:
    class Mixin:
        @command("mixed")
        def mixed(self) -> None: ...

    class M(Mixin, Base): ...

    assert "mixed" in collect_commands(M)


def test_an_override_without_the_decorator_keeps_the_command_with_its_own_signature() -> None:
    class M(Base):
        def set_prompt(self, prompt: int) -> None: ...  # type: ignore[override]

    assert arguments(M, "set_prompt", {"prompt": 3}) == {"prompt": 3}


def test_an_override_may_rename_the_command() -> None:
    class M(Base):
        @command("say")
        def set_prompt(self, prompt: str = "") -> None: ...

    assert list(collect_commands(M)) == ["say", "reset"]


def test_none_takes_a_command_away() -> None:
    class M(Base):
        reset = None  # type: ignore[assignment]

    assert list(collect_commands(M)) == ["set_prompt"]


def test_two_commands_of_one_name_are_refused() -> None:
    with pytest.raises(CommandDefinitionError, match='the command "reset" is there already'):

        class M(Base):
            @command("reset")
            def again(self) -> None: ...


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def go(self, *args): pass", r"can't take \*args"),
        ("def go(self, **kwargs): pass", r"can't take \*\*kwargs"),
        ("def go(self, a, /): pass", "positional only"),
    ],
)
def test_parameters_without_a_name_are_refused_with_class_method_file_and_line(
    source: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "thing.py"
    text = f"class M(VideoModel):\n    @command()\n    {source}\n"
    with pytest.raises(CommandDefinitionError, match=said) as caught:
        exec(compile(text, str(file), "exec"), {"VideoModel": VideoModel, "command": command})  # noqa: S102
    assert f"M.go ({file}:2)" in str(caught.value)


def test_a_definition_error_is_a_type_error_too() -> None:
    with pytest.raises(TypeError):
        command(3)  # type: ignore[call-overload]


def test_the_runtimes_own_command_cant_be_taken() -> None:
    with pytest.raises(CommandDefinitionError, match="command of the runtime itself"):

        class M(VideoModel):
            @command("requestCapabilities")
            def mine(self) -> None: ...


def test_static_and_class_methods_can_be_commands() -> None:
    class M(Base):
        @command("s")
        @staticmethod
        def s(a: int) -> None: ...

        @classmethod
        @command("c")
        def c(cls, a: int) -> None: ...

    assert arguments(M, "s", {"a": 1}) == arguments(M, "c", {"a": 1}) == {"a": 1}


def test_field_defaults_annotated_and_plain_defaults_are_validated() -> None:
    class M(Base):
        @command()
        def go(self, a: int = Field(2, ge=1), b: Annotated[float, Field(le=1)] = 0.5, c: bool = False) -> None: ...

    assert arguments(M, "go", {}) == {"a": 2, "b": 0.5, "c": False}
    with pytest.raises(InvalidArgumentsError) as caught:
        arguments(M, "go", {"a": 0, "b": 3, "c": "nope"})
    assert [error.loc for error in caught.value.errors] == [["a"], ["b"], ["c"]]


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(InvalidArgumentsError, match="prompt: missing") as caught:
        arguments(Base, "set_prompt", {})
    assert caught.value.errors[0].type == "missing"


def test_wrong_arguments_are_reported_without_their_values() -> None:
    with pytest.raises(InvalidArgumentsError) as caught:
        arguments(Base, "set_prompt", {"prompt": "a long secret"})
    assert "secret" not in str(caught.value) + str(caught.value.errors)


def test_what_a_front_end_sends_beyond_the_signature_is_ignored() -> None:
    assert arguments(Base, "set_prompt", {"prompt": "a", "image_id": 3}) == {"prompt": "a"}


def test_parameters_may_be_called_as_pydantics_own_names() -> None:
    class M(Base):
        @command()
        def go(self, json: str, copy: int, model_config: int, schema: str, _x: int, arg_y: int) -> None: ...

    data = {"json": "j", "copy": 1, "model_config": 2, "schema": "s", "_x": 3, "arg_y": 4}
    assert arguments(M, "go", data) == data


def test_parameters_without_annotation_take_anything() -> None:
    class M(Base):
        @command()
        def go(self, a, b=3) -> None: ...  # type: ignore[no-untyped-def]

    assert arguments(M, "go", {"a": [1, {"b": None}]}) == {"a": [1, {"b": None}], "b": 3}
    assert schema(M, "go") == {"a": {"required": True}, "b": {"default": 3}}


class Later(VideoModel):
    """Refers to what is defined after it."""

    class Inner(BaseModel):
        depth: int

    @command()
    def go(self, target: "Target", inner: "Inner") -> None: ...


class Target(BaseModel):
    name: str
    next: "Target | None" = None


def test_forward_references_are_resolved() -> None:
    values = arguments(Later, "go", {"target": {"name": "a", "next": {"name": "b"}}, "inner": {"depth": 1}})
    assert values["target"].next.name == "b"
    assert values["inner"].depth == 1


def test_an_annotation_that_cant_be_resolved_names_the_method() -> None:
    class M(Base):
        @command()
        def go(self, a: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(CommandDefinitionError, match=r"M.go .*'Nowhere' is not defined"):
        prepare_commands(M)


def test_an_annotation_that_cant_be_checked_names_the_method() -> None:
    class M(Base):
        @command()
        def go(self, a: Path | object | type[Any] | memoryview) -> None: ...

    with pytest.raises(CommandDefinitionError, match=r"M.go .*can't be checked"):
        prepare_commands(M)


def test_an_annotation_that_isnt_json_names_the_method() -> None:
    class M(Base):
        @command()
        def go(self, a: Callable[[], int]) -> None: ...

    with pytest.raises(CommandDefinitionError, match=r"M.go .*clients send JSON"):
        prepare_commands(M)


def test_a_default_that_isnt_json_is_left_out() -> None:
    class M(Base):
        @command()
        def go(self, a: float = float("nan"), b: Any = object()) -> None: ...  # noqa: B008

    assert schema(M, "go")["b"] == {}
    json.loads(capabilities(M).model_dump_json(by_alias=True), parse_constant=pytest.fail)


def test_capabilities_describe_each_parameter_as_the_contract_says() -> None:
    assert schema(Base, "set_prompt") == {
        "prompt": {"description": "text", "maxLength": 5, "type": "string", "required": True}
    }
    assert schema(Base, "reset") == {}


def test_definitions_are_kept_so_that_every_reference_resolves() -> None:
    class M(Base):
        @command()
        def go(self, point: Point, many: Sequence[Point] = (), kind: Literal["a", "b"] = "a") -> None: ...

        @command()
        def other(self, mode: Mode) -> None: ...

    found = json.loads(capabilities(M).model_dump_json(by_alias=True))
    assert found["commands"]["other"]["schema"]["mode"] == {"$ref": "#/$defs/Mode", "required": True}
    assert set(found["$defs"]) == {"Point", "Mode"}
    jsonschema.Draft202012Validator.check_schema({"$defs": found["$defs"]})
    point = {**found["commands"]["go"]["schema"]["point"], "$defs": found["$defs"]}
    del point["required"]
    jsonschema.validate({"x": 1.5, "mode": "good"}, point)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"x": 1.5, "mode": "no"}, point)


def test_capabilities_name_the_model_and_its_tracks() -> None:
    found = capabilities(Base)
    assert (found.model.name, found.model.version) == ("m", "1.0.0")
    assert [(track.name, track.direction) for track in found.tracks] == [("reactor-video", "out"), ("camera", "in")]


def test_a_model_without_commands_has_none() -> None:
    class M(VideoModel): ...

    assert capabilities(M).commands == {}
