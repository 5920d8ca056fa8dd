"""Compares our contract with another document, and gathers what is found."""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import TYPE_CHECKING

import attrs
from regeneration.documents import ROOT, ContractError, read_contract

from drifting.compare_operations import compare_operations
from drifting.difference import Difference, Differences, Verdict
from drifting.errors import DriftError
from drifting.known import Entry, set_aside
from drifting.locate import Location, locate
from drifting.parse import parse_document
from drifting.reading import operations, read_operation
from drifting.source import read_source

if TYPE_CHECKING:
    from pathlib import Path

    from drifting.known import Known
    from drifting.references import Document


class Outcome(IntEnum):
    """What the check comes to; the number is the exit code."""

    NOTHING = 0
    ADDITIVE = 1
    BREAKING = 2
    UNKNOWN = 3


@attrs.frozen
class Compared:
    """What became of one operation of our contract.

    Attributes:
        name: Method and path in our contract.
        theirs: Where it is in the other document; None when that cannot be told.
        differences: What differs.
        problem: Why it cannot be told what became of it; empty when it can.
    """

    name: str
    theirs: Location | None = None
    differences: Differences = attrs.field(factory=list[Difference])
    problem: str = ""


@attrs.frozen
class Report:
    """What the check found.

    Attributes:
        contract: Our contract's file, and its SHA-256.
        document: The other document's file or address, its SHA-256, and the version of OpenAPI that it names.
        operations: What became of each operation of our contract.
        stale: The entries of the file of known differences that no longer apply, and why.
    """

    contract: tuple[str, str]
    document: tuple[str, str, str]
    operations: list[Compared]
    stale: list[tuple[Entry, str]]

    @property
    def differences(self) -> Differences:
        """All differences."""
        return [difference for compared in self.operations for difference in compared.differences]

    @property
    def outcome(self) -> Outcome:
        """The worst of what was found; what is known or cosmetic is nothing, an entry that is stale is something."""
        verdicts = {difference.verdict for difference in self.differences}
        if any(compared.problem for compared in self.operations):
            return Outcome.UNKNOWN
        if Verdict.BREAKING in verdicts:
            return Outcome.BREAKING
        return Outcome.ADDITIVE if Verdict.ADDITIVE in verdicts or self.stale else Outcome.NOTHING


def check(contract: Path, source: str, known: Known, *, timeout: float) -> Report:
    """Compare every operation of our contract with what became of it in another document.

    Args:
        contract: Our contract.
        source: The other document: a file or an https address.
        known: What is known of that document.
        timeout: Seconds that a download may take.

    Raises:
        DriftError: One of the documents cannot be read.
    """
    try:
        read = read_contract(contract)
    except ContractError as error:
        raise DriftError(str(error)) from None
    ours = parse_document(_name(contract), read.source)
    content = read_source(source, timeout=timeout)
    theirs = parse_document(source, content)
    named = list(operations(ours))
    if not named:
        raise DriftError(f"{contract} has no operation, so there is nothing to compare")
    compared = [_compare(ours, path, method, theirs, alone=len(named) == 1) for path, method in named]
    marked, stale = set_aside([d for each in compared for d in each.differences], known)
    waiting = iter(marked)
    compared = [attrs.evolve(each, differences=[next(waiting) for _ in each.differences]) for each in compared]
    # Entries about what could not be looked at may still hold.
    stale = [] if any(each.problem and not each.differences for each in compared) else stale
    about_theirs = (source, hashlib.sha256(content).hexdigest(), str(theirs.data["openapi"]))
    return Report((_name(contract), read.sha256), about_theirs, compared, stale)


def _name(path: Path) -> str:
    """The name of a file, from the folder of the repository if it is in it: a report is read elsewhere too."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _compare(ours: Document, path: str, method: str, theirs: Document, *, alone: bool) -> Compared:
    name = f"{method.upper()} {path}"
    mine = read_operation(ours, path, method)
    try:
        location = locate(ours, path, method, theirs)
        other = read_operation(theirs, location.path, location.method)
    except DriftError as error:
        return Compared(name, problem=str(error))
    problem = ""
    if location.moved:
        problem = f"{name} has moved: {location.name} has its operationId, so the differences are from there"
    return Compared(name, location, compare_operations(mine, other, "" if alone else f"{name} "), problem)
