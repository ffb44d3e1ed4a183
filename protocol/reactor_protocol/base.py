"""What every wire model shares."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """A value that crosses a process border: immutable, no type coercion, unknown keys ignored.

    Unknown keys are ignored because either side may be newer than the other.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        protected_namespaces=(),
        use_attribute_docstrings=True,
        # The schema says what JSON can hold; NaN and infinity would break every other parser.
        allow_inf_nan=False,
    )


class CamelModel(WireModel):
    """A wire model whose JSON keys are camelCase, as JavaScript front ends expect them."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Envelope(WireModel):
    """`{"type": string, "data": object}`; a missing or null `data` counts as `{}`."""

    @model_validator(mode="before")
    @classmethod
    def _empty_data(cls, value: Any) -> Any:
        if isinstance(value, dict) and "data" in cls.model_fields and value.get("data") is None:
            return {**value, "data": {}}
        return value


class MessageError(ValueError):
    """A message that doesn't follow the contract; the text says what was found and what is expected."""
