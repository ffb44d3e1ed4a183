"""Methods that a client can call: the `command` decorator and a class's commands."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from reactor_runtime.errors import CommandDefinitionError

_MARK = "__reactor_command__"
_RESERVED = {"requestCapabilities"}  # answered by the runtime itself

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class CommandMethod:
    """A command as its class defines it."""

    name: str
    """What clients call it."""
    description: str
    attribute: str
    """The method's name in its class."""
    function: Callable[..., Any]
    parameters: tuple[inspect.Parameter, ...]
    """Without `self`."""
    where: str
    """Class, method, file and line, for messages."""


@overload
def command(name: Method, /) -> Method: ...
@overload
def command(name: str | None = None, description: str | None = None) -> Callable[[Method], Method]: ...
def command(name: Any = None, description: str | None = None) -> Any:
    """Let clients call this method.

    Parameters:
        name: what clients call it; default: the method's name.
        description: for front ends; default: the first paragraph of the method's docstring.

    The method's parameters are what clients may send: annotations are checked (pydantic's types, `Field(…)` as a
    default or in `Annotated`), defaults make a parameter optional. `def` and `async def` both work.
    """
    if callable(name) or isinstance(name, staticmethod | classmethod):
        return _mark(name, _Mark(None, None))
    if name is not None and (not isinstance(name, str) or not name):
        raise CommandDefinitionError(f"@command: expected the command's name as a string, found {name!r}")
    return lambda method: _mark(method, _Mark(name, description))


def collect_commands(cls: type) -> dict[str, CommandMethod]:
    """Name -> command of `cls`, inherited ones included.

    An override in a subclass replaces the method, decorated again or not; setting the name to None takes it away.

    Raises:
        CommandDefinitionError: a method can't be a command.
    """
    found: dict[str, CommandMethod] = {}
    for attribute, mark in _marks(cls).items():
        method = inspect.getattr_static(cls, attribute)
        if method is None:
            continue
        one = _define(cls, attribute, method, mark)
        if one.name in found:
            raise CommandDefinitionError(
                f'{one.where}: the command "{one.name}" is there already, as {found[one.name].where}. Rename one.'
            )
        found[one.name] = one
    return found


def _mark(method: Any, mark: _Mark) -> Any:
    function = _unwrap(method)
    if not callable(function) or isinstance(function, type):
        raise CommandDefinitionError(f"@command belongs on a method, found {type(method).__name__}")
    setattr(function, _MARK, mark)
    return method


def _unwrap(method: Any) -> Any:
    return method.__func__ if isinstance(method, staticmethod | classmethod) else method


def _marks(cls: type) -> dict[str, _Mark]:
    """Attribute -> the nearest mark, in the order of definition, base classes first."""
    marks: dict[str, _Mark] = {}
    for base in reversed(cls.__mro__):
        for attribute, value in vars(base).items():
            mark = getattr(_unwrap(value), _MARK, None)
            if isinstance(mark, _Mark):
                marks[attribute] = mark
    return marks


def _define(cls: type, attribute: str, method: Any, mark: _Mark) -> CommandMethod:
    function = _unwrap(method)
    where = _where(cls, attribute, function)
    if not callable(function):
        raise CommandDefinitionError(f"{where}: a command must be a method, found {type(function).__name__}")
    name = mark.name or attribute
    if name in _RESERVED:
        raise CommandDefinitionError(f'{where}: "{name}" is a command of the runtime itself. Choose another name.')
    parameters = tuple(inspect.signature(function).parameters.values())
    if not isinstance(method, staticmethod):
        parameters = parameters[1:]
    for parameter in parameters:
        _check_parameter(parameter, where)
    return CommandMethod(name, _description(function, mark), attribute, function, parameters, where)


def _check_parameter(parameter: inspect.Parameter, where: str) -> None:
    if parameter.kind in {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
        stars = "*" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else "**"
        raise CommandDefinitionError(
            f"{where}: a command can't take {stars}{parameter.name}, because clients are told its parameters. "
            "Name each one, with its type."
        )
    if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        raise CommandDefinitionError(
            f"{where}: the parameter {parameter.name!r} is positional only, but clients send names. Remove the '/'."
        )


def _where(cls: type, attribute: str, function: Any) -> str:
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    place = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"{cls.__qualname__}.{attribute}{place}"


def _description(function: Callable[..., Any], mark: _Mark) -> str:
    if mark.description is not None:
        return mark.description
    return (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
