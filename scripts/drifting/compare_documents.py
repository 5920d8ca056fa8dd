"""Compares whole contracts of one author: the old one against the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drifting.compare_operations import compare_operations
from drifting.difference import Difference, Differences, Direction, Effect, Side, Verdict
from drifting.reading import operations, read_operation
from drifting.references import Document

if TYPE_CHECKING:
    from collections.abc import Mapping


def compare_documents(old: Mapping[str, Any], new: Mapping[str, Any]) -> Differences:
    """Compare two contracts, operation by operation: what a caller of the old one meets in the new one.

    Args:
        old: An OpenAPI document of any 3.x version, as plain data.
        new: Another.

    Returns:
        The differences, in the order of the old contract. Each place begins with method and path when the contracts
        have more than one operation between them.

    Raises:
        DriftError: One of them cannot be understood.
    """
    before, after = Document("the old contract", dict(old)), Document("the new contract", dict(new))
    had, has = list(operations(before)), list(operations(after))
    every = list(dict.fromkeys([*had, *has]))
    found: Differences = []
    for path, method in every:
        name = f"{method.upper()} {path}"
        if (path, method) in had and (path, method) in has:
            pair = read_operation(before, path, method), read_operation(after, path, method)
            found += compare_operations(*pair, f"{name} " if len(every) > 1 else "")
        else:
            found.append(_lone(("paths", path, method), name, removed=(path, method) in had))
    return found


def _lone(pointer: tuple[str, ...], name: str, *, removed: bool) -> Difference:
    here, gone = Side(pointer, name), Side(pointer[:1], None, present=False)
    if removed:
        return Difference(Verdict.BREAKING, Direction.REQUEST, name, "operation", Effect.REMOVED, name, here, gone)
    return Difference(Verdict.ADDITIVE, Direction.REQUEST, name, "operation", Effect.ADDED, name, gone, here)
