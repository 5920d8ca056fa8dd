"""Whatever others wrote, made fit for a page: prompts, errors and names are hostile until proven otherwise."""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import quote

_CONTROLS: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}"),
}
"""What HTML forbids and UTF-8 cannot hold, by what shows that it is there."""


def escaped(text: str) -> str:
    """A text for HTML, between tags or in a quoted attribute."""
    return escape(text.replace("\r\n", "\n").translate(_CONTROLS))


def line(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def attributes(**values: str | None) -> str:
    """Attributes `data-...` of an element, those without a value left out."""
    return "".join(f' data-{name}="{escaped(value)}"' for name, value in values.items() if value)


def address(name: str) -> str:
    """The relative address of a file of the store, whatever characters its name has."""
    return f"./{quote(name.encode('utf-8', 'replace'))}"
