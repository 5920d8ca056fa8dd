"""How a problem with a request is described: its place, its value and the cure (RFC 9457, problem details)."""

from __future__ import annotations

import difflib
import json
import re
from math import log
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_LONGEST_VALUE: Final = 120


@frozen
class Problem:
    """One thing that is wrong with a request.

    Attributes:
        pointer: Where: a JSON pointer into the request's fields as a URI fragment, for example `#/resolution`.
        detail: What is wrong, and what would be right.
        status: Status of the response that refuses it.
    """

    pointer: str
    detail: str
    status: int = 400


class RequestRefusedError(Exception):
    """The request cannot be read.

    Args:
        status: Status of the response, 400 to 499.
        detail: What is wrong and what would be right.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


def pointer_to(path: Iterable[str | int]) -> str:
    """Return the JSON pointer of a path, as a URI fragment."""
    return "#" + "".join("/" + quote(str(step).replace("~", "~0").replace("/", "~1")) for step in path)


def name_of(path: Iterable[str | int]) -> str:
    """Return a path as people write it, for example `json_prompt.elements[0].bbox`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def shown(value: Any) -> str:
    """Return a value as JSON for a message, shortened."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _LONGEST_VALUE:
        text = text[:_LONGEST_VALUE] + "..."
    text = text.encode("utf-8", "backslashreplace").decode()  # half of a surrogate pair cannot be sent
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text


MOST_SHOWN: Final = 5
SHORT_LIST: Final = 6
"""Up to this number, a message lists all choices."""
_LONGEST_WORD: Final = 100
"""Longer values are not typing errors, and comparing them takes time."""
_SIZE: Final = re.compile(r"(\d{1,6})x(\d{1,6})")
_NEARLY_SIZE: Final = re.compile(
    r"(\d{1,6})(?:px)?\s*(?:[x\u00d7*\u2715\u2716\u0445,;]|by|\s)\s*(\d{1,6})(?:\s*px)?", re.IGNORECASE
)
"""Two numbers with any kind of multiplication sign between them, including the Cyrillic letter that looks like x."""
_RATIO: Final = re.compile(r"(\d{1,5}(?:[.]\d{1,4})?)\s*[:/x\u00d7]\s*(\d{1,5}(?:[.]\d{1,4})?)", re.IGNORECASE)
_SIDE: Final = re.compile(r"(\d{1,6})(?:\s*px)?", re.IGNORECASE)
_SLIP: Final = 0.9
"""Similarity of a size with one digit too many, too few or wrong."""
_SAME_SHAPE: Final = 0.01
_LEAST_SIDE: Final = 64
"""Pixels. Two lower numbers are an aspect ratio, as in 16x9."""


def meant(value: str, choices: Sequence[str]) -> str | None:
    """Return the choice that a value must mean, ignoring case, spaces and signs for `x`; None if there is none.

    An aspect ratio may have a colon.

    Args:
        value: What was given.
        choices: The values of the enum.
    """
    if value in choices:
        return value
    if len(value) > _LONGEST_WORD:
        return None
    word = value.strip()
    size = _NEARLY_SIZE.fullmatch(word)
    if size and (text := f"{int(size[1])}x{int(size[2])}") in choices:
        return text
    ratio = _RATIO.fullmatch(word)
    if ratio and (text := f"{ratio[1]}x{ratio[2]}") in choices:
        return text
    alike = [choice for choice in choices if choice.casefold() == word.casefold()]
    return alike[0] if len(alike) == 1 else None


def sizes_of_shape(ratio: str, choices: Iterable[str]) -> list[str]:
    """Return the sizes that have an aspect ratio such as 16:9, the largest first; empty if it is no ratio."""
    asked = _asked(ratio.strip()[:_LONGEST_WORD])
    if asked is None:
        return []
    found = {choice: int(size[1]) for choice in choices if (size := _SIZE.fullmatch(choice)) and _fits(size, asked)}
    return sorted(found, key=lambda choice: -found[choice])


def _fits(size: re.Match[str], asked: tuple[float, float]) -> bool:
    return abs(log(int(size[1]) / int(size[2])) - log(asked[0] / asked[1])) < _SAME_SHAPE


def suggestion(value: str, choices: Sequence[str]) -> str:
    """Return a sentence that names the nearest choices.

    Args:
        value: A value that is not one of them.
        choices: The values of the enum that can be used.
    """
    if len(choices) <= SHORT_LIST:
        return f"Use one of {', '.join(choices)}."
    word = value.strip()[:_LONGEST_WORD]
    sizes = {choice: (int(size[1]), int(size[2])) for choice in choices if (size := _SIZE.fullmatch(choice))}
    if len(sizes) == len(choices):
        asked = _asked(word)
        if asked is not None:
            return _near_sizes(asked, sizes, shape=_is_shape(asked))
        side = _SIDE.fullmatch(word)
        if side and int(side[1]):
            return _near_side(int(side[1]), sizes)
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=2)
    if close:
        return f"Did you mean {' or '.join(by_folded[name] for name in close)}?"
    return f"Use {choices[0]}, for example."


def _asked(word: str) -> tuple[float, float] | None:
    """Return width and height, or the two numbers of an aspect ratio."""
    match = _NEARLY_SIZE.fullmatch(word) or _RATIO.fullmatch(word)
    numbers = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    return numbers if all(numbers) else None


def _is_shape(asked: tuple[float, float]) -> bool:
    return max(asked) < _LEAST_SIDE


def _near_sizes(asked: tuple[float, float], sizes: dict[str, tuple[int, int]], *, shape: bool) -> str:
    width, height = asked

    def off_shape(choice: str) -> float:
        return abs(log(sizes[choice][0] / sizes[choice][1]) - log(width / height))

    def off_size(choice: str) -> float:
        return abs(log(sizes[choice][0] * sizes[choice][1]) - log(width * height))

    if shape:
        ratio = f"{width:g}:{height:g}"
        same = sizes_of_shape(ratio, sizes)
        if same:
            return f"Sizes with the aspect ratio {ratio}: {', '.join(same[:MOST_SHOWN])}."
        near = sorted(sizes, key=off_shape)[:MOST_SHOWN]
        return f"No size has the aspect ratio {ratio}; the nearest {_listed(near)}."
    slip = difflib.get_close_matches(f"{width:g}x{height:g}", sizes, n=1, cutoff=_SLIP)
    near = sorted(sizes, key=lambda choice: (choice not in slip, 3 * off_shape(choice) + off_size(choice)))[:MOST_SHOWN]
    return f"The nearest {_listed(near)}."


def _near_side(side: int, sizes: dict[str, tuple[int, int]]) -> str:
    """Return the square of that side first, then sizes with such a side."""

    def rank(choice: str) -> tuple[bool, float]:
        width, height = sizes[choice]
        return side not in {width, height}, abs(log(width / side)) + abs(log(height / side))

    near = sorted(sizes, key=rank)[:MOST_SHOWN]
    return f"Give width and height. The nearest {_listed(near)}."


def _listed(names: Sequence[str]) -> str:
    return f"is {names[0]}" if len(names) == 1 else f"are {', '.join(names[:-1])} and {names[-1]}"
