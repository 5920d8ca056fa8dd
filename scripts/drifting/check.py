"""Checks our contract against another document, and sets aside the differences of openapi/known-differences.yaml."""

from __future__ import annotations

import hashlib
import re
from enum import IntEnum
from itertools import product
from pathlib import Path
from posixpath import commonpath
from typing import TYPE_CHECKING, Any, Final

import attrs
from regeneration.documents import ROOT, ContractError, first_error, read_contract, read_yaml

from drifting.compare import Difference, Differences, DriftVerdict
from drifting.document import Document, DriftError, parse_document, read_source
from drifting.operations import Location, Operation, compare_operations, locate, operation_id, operations
from drifting.schema import Normaliser, json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT: Final = {"type": "string", "minLength": 1}
_TEXTS: Final = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_LISTED: Final = ("where", "operation", "change", "name")
_ENTRY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["where", "change", "because"],
    "additionalProperties": False,
    "properties": {
        "where": _TEXTS,
        "operation": _TEXTS,
        "change": _TEXTS,
        "name": _TEXTS,
        "theirs": {},
        "because": _TEXT,
    },
}
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["document", "differences"],
    "additionalProperties": False,
    "properties": {"document": _TEXT, "differences": {"type": "array", "items": _ENTRY}},
}


class Drift(IntEnum):
    """The result of the check; the number is the exit code."""

    NOTHING = 0
    ADDITIVE = 1
    BREAKING = 2
    UNKNOWN = 3


@attrs.frozen(eq=False)
class KnownDifference:
    """An entry of the file of known differences; in where, operation and name, `*` stands for any text.

    Without an operation, any may have the difference. theirs holds what stands on their side, or nothing if that does
    not matter. docs/drift.md explains the others.
    """

    line: int
    where: str
    operation: str
    change: str
    name: str
    theirs: tuple[Any, ...]
    because: str

    def concerns(self, operation: str, difference: Difference) -> bool:
        """Whether it is about a difference of an operation, with any value on their side."""
        same = self.change == difference.change and _fits(self.where, difference.where)
        return same and _fits(self.name or "*", difference.name) and _fits(self.operation or "*", operation)

    def covers(self, operation: str, difference: Difference) -> bool:
        """Whether it is about a difference of an operation exactly as it is."""
        return self.concerns(operation, difference) and (
            not self.theirs or json_text(self.theirs[0]) == json_text(difference.new.value)
        )


def _fits(pattern: str, text: str) -> bool:
    if "*" not in pattern:
        return pattern == text
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


@attrs.frozen
class Known:
    """The known differences of the provider's document, and its address."""

    path: Path
    document: str
    entries: tuple[KnownDifference, ...]


@attrs.frozen
class ComparedOperation:
    """The result for one operation of our contract; problem says why it is unknown, and is empty when it is not.

    The places of the differences have no name of the operation.
    """

    name: str
    operation_id: str
    theirs: Location | None = None
    differences: Differences = attrs.field(factory=list[Difference])
    problem: str = ""


@attrs.frozen
class DriftReport:
    """What the check found: our contract and the other document, each with its SHA-256, and what differs.

    others are the operations that our contract lacks, those with paths most like ours first. stale are the known
    differences that no longer apply, and why.
    """

    contract: tuple[str, str]
    document: tuple[str, str, str]
    operations: list[ComparedOperation]
    others: list[str]
    stale: list[tuple[KnownDifference, str]]

    @property
    def missing(self) -> list[str]:
        """The operations of our contract that the other document lacks."""
        return [compared.name for compared in self.operations if compared.theirs is None]

    @property
    def differences(self) -> Differences:
        """All differences."""
        return [difference for compared in self.operations for difference in compared.differences]

    @property
    def outcome(self) -> Drift:
        """The worst result. Known and cosmetic differences count as nothing, a stale entry counts as additive."""
        verdicts = {difference.verdict for difference in self.differences}
        if any(compared.problem for compared in self.operations):
            return Drift.UNKNOWN
        if DriftVerdict.BREAKING in verdicts:
            return Drift.BREAKING
        return Drift.ADDITIVE if DriftVerdict.ADDITIVE in verdicts or self.stale else Drift.NOTHING


def check(contract: Path, source: str, known: Known, *, timeout: float) -> DriftReport:
    """Compare every operation of our contract with the same one in another document, which is a file or an address.

    Raises:
        RegenerationError: One of the documents cannot be read.
    """
    read = read_contract(contract)
    name = contract.relative_to(ROOT).as_posix() if contract.is_relative_to(ROOT) else str(contract)
    ours = Document(name, read.document)
    content = read_source(source, timeout=timeout)
    theirs = parse_document(source, content)
    locations = list(operations(ours))
    if not locations:
        raise DriftError(f"{contract} has no operation, so there is nothing to compare")
    readers = Normaliser(ours), Normaliser(theirs)
    compared = [_compare(location, *readers) for location in locations]
    stale = list(_stale(known, compared))
    compared = [attrs.evolve(each, differences=[_mark(d, each, known) for d in each.differences]) for each in compared]
    about_theirs = (source, hashlib.sha256(content).hexdigest(), str(theirs.data["openapi"]))
    return DriftReport((name, read.sha256), about_theirs, compared, list(_others(compared, theirs)), stale)


def _others(compared: list[ComparedOperation], theirs: Document) -> Iterator[str]:
    ours = {each.theirs.name for each in compared if each.theirs}
    paths = [each.theirs.path for each in compared if each.theirs]
    others = [location for location in operations(theirs) if location.name not in ours]
    others.sort(key=lambda location: -max((len(commonpath([location.path, path])) for path in paths), default=0))
    yield from (location.name for location in others)


def _compare(location: Location, ours: Normaliser, theirs: Normaliser) -> ComparedOperation:
    compared = ComparedOperation(location.name, operation_id(ours.document, location))
    try:
        there = locate(ours.document, location, theirs.document)
        compared = attrs.evolve(compared, theirs=there)
        differences = compare_operations(Operation(ours, location), Operation(theirs, there))
    except DriftError as error:
        return attrs.evolve(compared, problem=str(error))
    problem = ""
    if there.moved:
        name = location.name
        problem = f"{name} has moved: {there.name} has its operationId, so the differences are from there"
    return attrs.evolve(compared, differences=differences, problem=problem)


def _mark(difference: Difference, compared: ComparedOperation, known: Known) -> Difference:
    entry = next((entry for entry in known.entries if entry.covers(compared.operation_id, difference)), None)
    return attrs.evolve(difference, verdict=DriftVerdict.KNOWN, reason=entry.because) if entry else difference


def _stale(known: Known, compared: list[ComparedOperation]) -> Iterator[tuple[KnownDifference, str]]:
    """Find the entries that cover no difference, and say why; what was not compared may still have theirs."""
    pairs = [(each.operation_id, difference) for each in compared for difference in each.differences]
    unknown = {each.operation_id for each in compared if each.problem and not each.differences}
    every = {each.operation_id for each in compared}
    for entry in known.entries:
        if any(entry.covers(*pair) for pair in pairs):
            continue
        other = next((difference for operation, difference in pairs if entry.concerns(operation, difference)), None)
        if other is not None:
            yield entry, f"their side is another now: {json_text(other.new.value)}"
        elif not any(_fits(entry.operation or "*", operation) for operation in every):
            yield entry, f"our contract has no operation {entry.operation}"
        elif not any(_fits(entry.operation or "*", operation) for operation in unknown):
            yield entry, "there is no such difference any more"


def read_known(path: Path) -> Known:
    """Read a file of known differences.

    Raises:
        RegenerationError: It cannot be read, or does not have the right form.
    """
    try:
        document, places = read_yaml(path, path.read_text("utf-8"))
    except OSError as error:
        raise DriftError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise DriftError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from None
    if (wrong := first_error(_FORM, document)) is not None:
        raise ContractError(path, wrong[1], places.get(wrong[0]), wrong[0])
    entries = tuple(
        KnownDifference(
            line=places["differences", index].line,
            where=where,
            operation=operation,
            change=change,
            name=name,
            theirs=(entry["theirs"],) if "theirs" in entry else (),
            because=entry["because"],
        )
        for index, entry in enumerate(document["differences"])
        for where, operation, change, name in product(*(_listed(entry.get(key, "")) for key in _LISTED))
    )
    return Known(path, document["document"], entries)


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
