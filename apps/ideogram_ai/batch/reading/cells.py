"""Types the text of a cell by the contract: formats without types have nothing but text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.contract.problems import shown

from .strict_json import NoJsonError, parse_json

if TYPE_CHECKING:
    from ideogram_ai.contract.view import FieldRule


_BOOLEANS: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
"""As spreadsheets and databases write them."""


class CellError(ValueError):
    """A cell cannot be what the contract has for its field. The message continues the field's name."""


def typed(text: str, rule: FieldRule) -> Any:
    """The value of a cell.

    Args:
        text: What stands in the cell.
        rule: The contract's field.

    Returns:
        The text where the contract has text; `true`, `false` (in any case, as spreadsheets write them, or as databases
        do: `t`, `f`, `1`, `0`), a number, an object or an array where it has those.

    Raises:
        CellError: The text is none of what the contract has.
    """
    if not rule.types or "string" in rule.types:
        return text
    word = text.strip()
    if "boolean" in rule.types and word.lower() in _BOOLEANS:
        return _BOOLEANS[word.lower()]
    if set(rule.types) <= {"boolean", "null"}:
        raise CellError(f"is {shown(text)}; write true or false, or leave the cell empty.")
    try:
        return parse_json(word)
    except NoJsonError as error:
        wanted = " or ".join(kind for kind in rule.types if kind != "null")
        raise CellError(f"is no JSON {wanted}: {error}. It is {shown(text)}.") from None
