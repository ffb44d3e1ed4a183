"""What a client may send to a command: validation and JSON Schema from a method's signature."""

import inspect
import typing
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.json_schema import models_json_schema

from reactor_protocol.application import ArgumentError
from reactor_protocol.errors import explain
from reactor_runtime.commands import CommandMethod, collect_commands
from reactor_runtime.errors import CommandDefinitionError

_PREFIX = "arg_"  # a parameter may be called `json`, `copy` or `_x`, a pydantic field may not


class InvalidArgumentsError(ValueError):
    """Arguments that don't fit the command; the text says which, `errors` says it in parts."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__(explain(error))
        self.errors = [
            ArgumentError(loc=list(one["loc"]), msg=one["msg"], type=one["type"])
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]


class _Arguments(BaseModel):
    model_config = ConfigDict(
        alias_generator=lambda name: name.removeprefix(_PREFIX),
        # Front ends send more than a model reads; that was never an error.
        extra="ignore",
        title=None,
    )


class ArgumentModel:
    """The pydantic model made from one command's signature.

    Raises:
        CommandDefinitionError: an annotation can't be resolved, or pydantic can't check it.
    """

    def __init__(self, method: CommandMethod, cls: type) -> None:
        hints = _hints(method, cls)
        fields: dict[str, Any] = {}
        for parameter in method.parameters:
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[_PREFIX + parameter.name] = (hints.get(parameter.name, Any), default)
        try:
            self.model = create_model(f"{cls.__name__}_{method.attribute}", __base__=_Arguments, **fields)
        except (PydanticUserError, TypeError, ValueError) as error:
            raise CommandDefinitionError(f"{method.where}: its parameters can't be checked: {error}") from error
        _check_describable(self.model, method)

    def validate(self, data: bytes) -> dict[str, Any]:
        """Parameter -> value from a JSON object.

        Raises:
            InvalidArgumentsError: it doesn't fit.
        """
        try:
            arguments = self.model.model_validate_json(data)
        except ValidationError as error:
            raise InvalidArgumentsError(error) from None
        return {name.removeprefix(_PREFIX): getattr(arguments, name) for name in self.model.model_fields}


Commands = Mapping[str, tuple[CommandMethod, ArgumentModel]]
"""Name -> a command and what checks its arguments."""


def prepare_commands(cls: type) -> Commands:
    """A class's commands with what checks their arguments.

    Raises:
        CommandDefinitionError: a method can't be a command.
    """
    return {name: (method, ArgumentModel(method, cls)) for name, method in collect_commands(cls).items()}


def json_schemas(
    models: Iterable[tuple[str, ArgumentModel]],
) -> tuple[dict[str, dict[str, dict[str, Any]]], dict[str, Any]]:
    """(Command -> parameter -> property as in contract, what their `$ref`s resolve to)."""
    named = {name: arguments.model for name, arguments in models}
    if not named:
        return {}, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a default that isn't JSON is left out of the schema
        references, whole = models_json_schema([(model, "validation") for model in named.values()])
    definitions: dict[str, Any] = whole["$defs"]
    properties: dict[str, dict[str, dict[str, Any]]] = {}
    for name, model in named.items():
        own = definitions.pop(references[model, "validation"]["$ref"].rpartition("/")[2])
        properties[name] = _properties(own)
    return properties, definitions


def _check_describable(model: type[BaseModel], method: CommandMethod) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.model_json_schema()
    except PydanticUserError as error:
        raise CommandDefinitionError(
            f"{method.where}: clients send JSON, and a parameter can't be described as such: {error}"
        ) from error


def _properties(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    required = set(schema.get("required", ()))
    properties = {}
    for name, described in schema.get("properties", {}).items():
        one = {key: value for key, value in described.items() if key != "title"}
        properties[name] = {**one, "required": True} if name in required else one
    return properties


def _hints(method: CommandMethod, cls: type) -> dict[str, Any]:
    function = inspect.unwrap(method.function)
    try:
        return typing.get_type_hints(function, localns=dict(vars(cls)), include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise CommandDefinitionError(
            f"{method.where}: the annotations can't be resolved: {error}. "
            "Import the type at the top of the module, outside `if TYPE_CHECKING`."
        ) from error
