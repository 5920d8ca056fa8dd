"""Strict JSON: what people and programs wrote by hand, where a value that is lost would not be noticed."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final, Never

from ideogram_ai.client.request import is_array

_DEEPEST: Final = 200
"""Levels. What reads the value may be recursive, and Python's own limit depends on its version and on the caller."""


class JsonError(ValueError):
    """The text is not strict JSON. The message continues a sentence: "is not JSON: ..."."""


def parse_json(text: str) -> Any:
    """Parse JSON strictly, in its order: no NaN, and no key twice, because one of the values would be lost.

    Raises:
        JsonError: The text is not strict JSON.
    """
    try:
        try:
            return not_deeper(_DECODER.decode(text), text, _DEEPEST)
        except _RepeatedKeyError:
            raise JsonError(_find_repeated(json.loads(text, object_pairs_hook=_Pairs))) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}" if "\n" in text else f"character {error.pos + 1}"
        # The decoder's messages begin with a capital letter.
        raise JsonError(f"{error.msg[:1].lower()}{error.msg[1:]}, at {place}") from None
    except RecursionError:
        raise JsonError("it nests too deep") from None
    except JsonError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise JsonError(str(error)) from None


def not_deeper(value: Any, text: str, levels: int) -> Any:
    """Return the value of a JSON text, or raise RecursionError if it nests deeper than so many levels."""
    if text.count("[") + text.count("{") <= levels:
        return value
    level: list[Any] = [value]
    for _ in range(levels):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            elif isinstance(item, list):
                inner.extend(item)  # pyright: ignore[reportUnknownArgumentType]
        level = inner
    if any(isinstance(item, dict | list) for item in level):
        raise RecursionError
    return value


class _RepeatedKeyError(ValueError):
    """An object has a key twice."""


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, with those that are there twice."""


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _RepeatedKeyError
    return values


def _find_repeated(value: Any, pointer: str = "") -> str:
    """Return which key is there twice, and where; empty if none is."""
    if isinstance(value, _Pairs):
        key, times = Counter(key for key, _ in value).most_common(1)[0] if value else ("", 0)
        if times > 1:
            place = f"in {pointer}" if pointer else "at the top"
            return f"the key {json.dumps(key)} is there twice {place}; keep one of them"
        members = [(key.replace("~", "~0").replace("/", "~1"), item) for key, item in value]
    else:
        members = [(str(index), item) for index, item in enumerate(value)] if is_array(value) else []
    return next(filter(None, (_find_repeated(item, f"{pointer}/{step}") for step, item in members)), "")


def _refuse_constant(constant: str) -> Never:
    raise JsonError(f"{constant} is not a JSON value")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_refuse_repeated, parse_constant=_refuse_constant)
