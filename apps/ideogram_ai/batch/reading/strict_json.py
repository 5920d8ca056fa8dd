"""Parses JSON strictly: no NaN, and no key twice, because of two values one would be lost without a word."""

from __future__ import annotations

import json
from typing import Any, Final, Never


class NoJsonError(ValueError):
    """The text is no JSON, or none that can be taken. The message continues a sentence: "is no JSON: ..."."""


def parse_json(text: str) -> Any:
    """Parse a JSON text, its key order kept.

    Raises:
        NoJsonError: It is none, or not a strict one.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        # The decoder's own words begin with a capital letter.
        raise NoJsonError(f"{error.msg[:1].lower()}{error.msg[1:]}, at character {error.pos + 1}") from None
    except RecursionError:
        raise NoJsonError("it nests too deep") from None
    except NoJsonError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise NoJsonError(str(error)) from None


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in values if keys.count(key) > 1)
        raise NoJsonError(f"the key {json.dumps(repeated)} is there twice; keep one of them")
    return values


def _refuse_constant(constant: str) -> Never:
    raise NoJsonError(f"{constant} is no JSON value")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_refuse_repeated, parse_constant=_refuse_constant)
