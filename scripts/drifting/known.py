"""The differences that are meant to be there: openapi/known-differences.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import attrs
from regeneration.documents import ContractError, first_error, read_yaml

from drifting.difference import Difference, Differences, Verdict
from drifting.errors import DriftError
from drifting.schema import json_text

_TEXT: Final = {"type": "string", "minLength": 1}
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["document", "differences"],
    "additionalProperties": False,
    "properties": {
        "document": _TEXT,
        "differences": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "change", "because"],
                "additionalProperties": False,
                "properties": {
                    "where": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
                    "change": _TEXT,
                    "name": _TEXT,
                    "theirs": {},
                    "because": _TEXT,
                },
            },
        },
    },
}


@attrs.frozen(eq=False)
class Entry:
    """A difference that is known.

    Attributes:
        line: Where it stands in the file.
        where: The place in words, as the report has it.
        change: Subject and effect, "value added" say.
        name: What the difference is about, where the place does not tell: the value of an enum.
        theirs: The one thing that stands on their side; empty for whatever stands there.
        because: Why it is meant to be.
    """

    line: int
    where: str
    change: str
    name: str
    theirs: tuple[Any, ...]
    because: str

    def concerns(self, difference: Difference) -> bool:
        """Tell whether it is about a difference, whatever stands on their side."""
        same = self.where == difference.where and self.change == difference.change
        return same and self.name in {"", difference.name}

    def excuses(self, difference: Difference) -> bool:
        """Tell whether it is about a difference as it is."""
        is_as_noted = not self.theirs or json_text(self.theirs[0]) == json_text(difference.new.value)
        return is_as_noted and self.concerns(difference)


@attrs.frozen
class Known:
    """What is known of the provider's document: its address, and how it differs on purpose."""

    path: Path
    document: str
    entries: tuple[Entry, ...]


def read_known(path: Path) -> Known:
    """Read the file.

    Raises:
        DriftError: It cannot be read, or is not of its form.
    """
    try:
        document, places = read_yaml(path, path.read_text("utf-8"))
    except OSError as error:
        raise DriftError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise DriftError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from None
    except ContractError as error:
        raise DriftError(str(error)) from None
    wrong = first_error(_FORM, document)
    if wrong is not None:
        raise DriftError(str(ContractError(path, wrong[1], places.get(wrong[0]), wrong[0])))
    entries = tuple(
        Entry(
            line=places["differences", index].line,
            where=where,
            change=entry["change"],
            name=entry.get("name", ""),
            theirs=(entry["theirs"],) if "theirs" in entry else (),
            because=entry["because"],
        )
        for index, entry in enumerate(document["differences"])
        for where in (entry["where"] if isinstance(entry["where"], list) else [entry["where"]])
    )
    return Known(path, document["document"], entries)


def set_aside(found: Differences, known: Known) -> tuple[Differences, list[tuple[Entry, str]]]:
    """Mark the differences that are known.

    Args:
        found: All differences, of all operations.
        known: What is known.

    Returns:
        The differences, and the entries that no longer apply, each with what became of it.
    """
    marked: Differences = []
    used: set[Entry] = set()
    for difference in found:
        entry = next((entry for entry in known.entries if entry.excuses(difference)), None)
        if entry is None:
            marked.append(difference)
        else:
            used.add(entry)
            marked.append(attrs.evolve(difference, verdict=Verdict.KNOWN, reason=entry.because))
    return marked, [(entry, _why_stale(entry, found)) for entry in known.entries if entry not in used]


def _why_stale(entry: Entry, found: Differences) -> str:
    other = next((difference for difference in found if entry.concerns(difference)), None)
    if other is None:
        return "there is no such difference any more"
    return f"their side is another now: {json_text(other.new.value)}"
