"""What is wrong with a request: the field, the value and the cure, in the form of RFC 9457 (problem details)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_VALUE: Final = 120


@frozen
class Problem:
    """One thing that is wrong with a request.

    Attributes:
        pointer: Where: a JSON pointer into the request's fields as a URI fragment, `#/resolution` say.
        detail: What, and what would be right.
        status: Status of the answer that refuses it.
    """

    pointer: str
    detail: str
    status: int = 400


class RequestRefusedError(Exception):
    """The request cannot even be read.

    Args:
        status: Status of the answer, 400 to 499.
        detail: What is wrong and what would be right.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


def pointer_to(path: Iterable[str | int]) -> str:
    """The JSON pointer of a path, as a URI fragment."""
    return "#" + "".join("/" + quote(str(step).replace("~", "~0").replace("/", "~1")) for step in path)


def name_of(path: Iterable[str | int]) -> str:
    """A path as people write it: `json_prompt.elements[0].bbox`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def shown(value: Any) -> str:
    """A value as JSON, shortened, for a message."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _LONGEST_VALUE:
        text = text[:_LONGEST_VALUE] + "..."
    text = text.encode("utf-8", "backslashreplace").decode()  # half of a surrogate pair cannot be sent
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text
