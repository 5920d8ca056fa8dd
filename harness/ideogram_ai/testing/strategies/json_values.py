"""Strategies for texts and for JSON of any shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_TELLING_TEXTS: Final = (
    "A photo of a cat",
    " ",
    "null",
    "True",
    '{"a": "b"}',
    "in \"quotes\" \\ and 'more'",
    "first line\r\nsecond line\n",
    "\u732b \U0001f408 \u202eright to left",
    # Ends the part and forges another one, if the boundary is the constant that some generators write.
    '\r\n--+++\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nQUALITY\r\n--+++--\r\n',
)
_MOST_LEAVES: Final = 15
_MOST_MEMBERS: Final = 3


def texts(*, min_size: int = 0, max_size: int | None = None) -> SearchStrategy[str]:
    """Any text that UTF-8 can write; often one that has gone wrong somewhere.

    Args:
        min_size: Fewest characters.
        max_size: Most characters; None for no limit.
    """
    telling = [text for text in _TELLING_TEXTS if min_size <= len(text) and (max_size is None or len(text) <= max_size)]
    anything = st.text(min_size=min_size, max_size=max_size)
    return anything | st.sampled_from(telling) if telling else anything


def json_values() -> SearchStrategy[Any]:
    """Any JSON value."""
    # Integers beyond 2**53 come back as something else from readers that know floats only.
    numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(st.none() | st.booleans() | numbers | texts(), _containers, max_leaves=_MOST_LEAVES)


def _containers(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.lists(inner, max_size=_MOST_MEMBERS) | st.dictionaries(texts(), inner, max_size=_MOST_MEMBERS)


def has_type(value: object, types: str | list[str]) -> bool:
    """Whether a JSON value is of one of the types of a schema's `type`."""
    kind = _json_type(value)
    allowed = [types] if isinstance(types, str) else types
    return kind in allowed or (kind == "integer" and "number" in allowed)


def _json_type(value: object) -> str:
    """The type as JSON Schema names it: a number without a fraction is an integer."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case dict():
            return "object"
        case _:
            return "array"
