"""Answers on demand: by a list for the server, or by the Prefer header of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.request import parse_http_list

if TYPE_CHECKING:
    from collections.abc import Iterable

_STATUSES: Final = range(200, 600)


def parse_scenario(text: str) -> tuple[int, ...]:
    """Read a comma-separated list of statuses, `429,429,200` say.

    Args:
        text: The list; blank means no scenario.

    Raises:
        ValueError: An entry is no status from 200 to 599.
    """
    if not text.strip():
        return ()
    return tuple(_status(entry, "The scenario") for entry in text.split(","))


def check_scenario(statuses: Iterable[int]) -> tuple[int, ...]:
    """Take a scenario from a program.

    Raises:
        ValueError: An entry is no status from 200 to 599.
    """
    return tuple(_status(str(status), "The scenario") for status in statuses)


def preferred_status(prefer: str) -> int | None:
    """The status that a Prefer header (RFC 7240) asks for with `code`, or None. Other preferences are ignored.

    Args:
        prefer: The header's value; values of several headers joined with commas.

    Raises:
        ValueError: The code is no status from 200 to 599.
    """
    for preference in parse_http_list(prefer):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "code":
            return _status(value.strip().strip('"'), "The Prefer header")
    return None


def _status(text: str, where: str) -> int:
    text = text.strip()
    if text.isascii() and text.isdecimal() and int(text) in _STATUSES:
        return int(text)
    raise ValueError(f"{where} has {text!r}; a status is a number from {_STATUSES.start} to {_STATUSES.stop - 1}.")
