"""Operations and their fields in the form in which the templates write them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING

import attrs
from openapi_python_client.parser.properties import AnyProperty, ModelProperty, Property
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.schema.untrusted_string import UntrustedString

from regeneration.by_hand import by_hand

if TYPE_CHECKING:
    from openapi_python_client.parser.properties.protocol import PropertyProtocol

_MAPPING = "Mapping[str, Any]"


@attrs.frozen
class Field:
    """A field of a request body."""

    prop: Property
    content_type: str | None

    @property
    def wire_name(self) -> str:
        """The name on the wire."""
        return self.prop.name.get_untrusted_value()

    @property
    def python_name(self) -> str:
        """The name in Python."""
        return str(self.prop.python_name)

    @property
    def required(self) -> bool:
        """Whether the contract requires it."""
        return self.prop.required

    @property
    def description(self) -> UntrustedString | str:
        """What the contract says of it."""
        return self.prop.description or "Not described in the contract."

    @property
    def annotation(self) -> str:
        """The type of a keyword argument for it: the generator's, with None where the field may be left out."""
        if self.required:
            return f"Required[{' | '.join(_types(self.prop))}]"
        return "Any" if isinstance(self.prop, AnyProperty) else f"{self.given} | None"

    @property
    def given(self) -> str:
        """The type of an argument for it that is given."""
        return " | ".join(kind for kind in _types(self.prop) if kind != "None") or "None"


@attrs.frozen
class Operation:
    """An operation, as the template needs it."""

    name: str
    operation_id: str
    summary: UntrustedString | str
    method: str
    path: str
    media_type: str
    request_model: str
    answer_model: str
    parameters: tuple[str, ...]
    fields: tuple[Field, ...]
    exactly_one_of: tuple[tuple[str, ...], ...]
    field_hints: Mapping[str, Mapping[str, str]]
    billed: Mapping[int, bool | None]
    reject_reasons: Mapping[str, bool]
    in_flight_limit: int | None

    @property
    def constant(self) -> str:
        """Name of the operation's constant."""
        return self.name.upper()

    @property
    def typed_dict(self) -> str:
        """Name of the class of its keyword arguments."""
        return f"{_camel(self.name)}Fields"

    @property
    def arguments(self) -> tuple[Field, ...]:
        """The fields that stand in that class."""
        return tuple(field for field in self.fields if field not in self.alternatives)

    @property
    def alternatives(self) -> tuple[Field, ...]:
        """The fields of which exactly one is given."""
        names = {name for group in self.exactly_one_of for name in group}
        return tuple(field for field in self.fields if field.wire_name in names)

    @property
    def choices(self) -> list[tuple[str, ...]]:
        """The ways to choose one of each group of alternatives."""
        return list(product(*self.exactly_one_of))

    def alias(self, field: Field) -> str:
        """Name of the type of an alternative."""
        end = "_" if field.python_name.endswith("_") else ""  # of a field named fields, it would be typed_dict
        return f"{_camel(self.name)}{_camel(field.python_name)}{end}"

    @property
    def without_method(self) -> str | None:
        """Why it gets no generated method; None if it gets one."""
        if self.operation_id in by_hand().methods:
            return f"the client's own method is {by_hand().methods[self.operation_id]}"
        if self.parameters:
            return f"it has parameters ({', '.join(self.parameters)})"
        return None if self.request_model else "it has no request body that is an object"


def _types(prop: PropertyProtocol) -> list[str]:
    """Return the members of the type that an argument takes: a mapping is taken wherever the generator has a model."""
    if isinstance(prop, UnionProperty):
        return list(dict.fromkeys(member for inner in prop.inner_properties for member in _types(inner)))
    if isinstance(prop, ListProperty):
        inner = " | ".join(_types(prop.inner_property))
        return [f"Sequence[{inner}]" if _MAPPING in inner else f"list[{inner}]"]
    own = prop.get_type_string(no_optional=True).as_unembedded_code()
    return [own, _MAPPING] if isinstance(prop, ModelProperty) else [own]


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
