"""One value for a schema of the contract, the same each time, for answers of which the contract has no example."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .view import ContractView, JsonObject

_TEXTS: Final[Mapping[str, str]] = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "uri": "https://example.test/",
    "uuid": "6d6f636b-0000-4000-8000-000000000000",
}


class NoExampleError(LookupError):
    """The contract has no example of an answer, and none could be made up that keeps its schema."""


def example_of(view: ContractView, schema: JsonObject) -> Any:
    """A value that keeps a schema: its own example if it has one, or else one that is made up member by member.

    Args:
        view: The contract.
        schema: A schema of it.

    Raises:
        NoExampleError: What is made up breaks a rule that cannot be worked backwards, that items differ say.
    """
    value = _make(view, schema)
    for error in view.validator(schema).iter_errors(value):
        place = "/".join(map(str, error.instance_path)) or "the whole"
        raise NoExampleError(
            f"{view.operation.operation_id}: the contract has no example of an answer, and none can be made up, since "
            f"{place} has a {error.kind.name} to keep; give the answer an example in the contract"
        )
    return value


def _make(view: ContractView, schema: JsonObject) -> Any:
    schema = view.resolve(schema)
    for keyword in ("const", "example", "default"):
        if keyword in schema:
            return schema[keyword]
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema and "properties" not in schema:
            return _make(view, schema[keyword][0])
    made = [_make(view, part) for part in schema.get("allOf", ())]
    own = _of_type(view, schema)
    objects = [value for value in [*made, own] if is_object(value)]
    return {name: member for value in objects for name, member in value.items()} if objects else next(iter(made), own)


def _of_type(view: ContractView, schema: JsonObject) -> Any:
    types: str | list[str] = schema.get("type", "object" if "properties" in schema else "null")
    match types if isinstance(types, str) else types[0]:
        case "object":
            return {name: _make(view, part) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_make(view, schema.get("items", {})) for _ in range(max(1, schema.get("minItems", 1)))]
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum", schema.get("maximum", 1))
        case "string" if "pattern" in schema:
            return _text_like(schema["pattern"])
        case "string":
            text = _TEXTS.get(schema.get("format", ""), "text")
            return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]
        case _:
            return None


@cache
def _text_like(pattern: str) -> str:
    """The simplest text that a pattern matches."""
    from hypothesis import find, settings  # noqa: PLC0415 - slow to import, and few answers need it
    from hypothesis import strategies as st  # noqa: PLC0415

    whole = pattern.startswith("^") and pattern.endswith("$")
    texts = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=whole)
    return find(texts, lambda _: True, settings=settings(database=None, derandomize=True))
