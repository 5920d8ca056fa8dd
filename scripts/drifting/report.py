"""Reports differences: in sentences, as a table for a terminal, as lines for a file, and as JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from regeneration.documents import printable, shorten

from drifting.check import Drift
from drifting.compare import DriftVerdict, Effect
from drifting.schema import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drifting.check import DriftReport
    from drifting.compare import Difference, Side

_EFFECTS: Final = {
    Effect.ADDED: "is new",
    Effect.REMOVED: "is gone",
    Effect.WIDENED: "allows more",
    Effect.NARROWED: "allows less",
    Effect.CHANGED: "is another",
}
_NAMED: Final = frozenset({"alternative", "header", "media type", "parameter", "property", "status", "value"})
_SUBJECTS: Final = {
    "additionalProperties": "what other properties may hold",
    "alternatives": "a choice of alternatives",
    "items": "what the items may be",
    "schema": "the schema as a whole",
    "servers": "the address",
    "values": "the list of values",
}
_LIMIT: Final = 100
_OTHERS: Final = 10
"""How many operations that we do not have are named."""
_OUTCOMES: Final = {
    Drift.NOTHING: "Nothing has changed that is not known.",
    Drift.ADDITIVE: "Something is new, and breaks no caller.",
    Drift.BREAKING: "Something breaks callers.",
    Drift.UNKNOWN: "The check cannot tell whether something has changed.",
}


def describe(difference: Difference) -> str:
    """Describe what differs, without the place: "the property seed is new", "maximum allows less: 1000 -> 999"."""
    subject, effect, name = difference.subject, difference.effect, shorten(difference.name, _LIMIT)
    if subject == "required":
        return f"{name} is {'required now' if effect is Effect.ADDED else 'no longer required'}"
    if subject == "deprecated":
        return "it is deprecated now" if effect is Effect.ADDED else "it is no longer deprecated"
    if subject in {"body", "operation"}:
        return f"the {subject} {_EFFECTS[effect]}"
    if subject == "security":
        return f"access with {name} {_EFFECTS[effect]}"
    if subject in _NAMED:
        is_needed = effect is Effect.ADDED and difference.verdict is DriftVerdict.BREAKING
        needed = " and required" if is_needed and subject in {"parameter", "property"} else ""
        return f"the {subject} {name} {_EFFECTS[effect]}{needed}"
    old, new = (shorten(json_text(side.value), _LIMIT) for side in (difference.old, difference.new))
    change = f"{_EFFECTS[Effect.ADDED]}: {new}" if difference.new.present else f"{_EFFECTS[Effect.REMOVED]}: {old}"
    if difference.old.present and difference.new.present:
        change = f"{_EFFECTS[effect]}: {old} -> {new}"
    return f"{_SUBJECTS.get(subject, subject)} {change}"


def json_report(report: DriftReport) -> str:
    """Write the report as JSON, in the form of docs/drift.md."""
    operations = [
        {
            "operation": compared.name,
            "operation_id": compared.operation_id,
            "theirs": compared.theirs.name if compared.theirs else None,
            "problem": compared.problem or None,
            "differences": [_json_difference(difference) for difference in compared.differences],
        }
        for compared in report.operations
    ]
    stale = [
        {
            "line": entry.line,
            "where": entry.where,
            "operation": entry.operation or None,
            "change": entry.change,
            "name": entry.name,
            "problem": why,
        }
        for entry, why in report.stale
    ]
    return _json_text(
        outcome=report.outcome.name.lower(),
        contract=dict(zip(("source", "sha256"), report.contract, strict=True)),
        document=dict(zip(("source", "sha256", "openapi"), report.document, strict=True)),
        operations=operations,
        others=report.others,
        stale=stale,
        problem=None,
    )


def json_failure(message: str) -> str:
    """Write a failure to read a document as JSON: the same form, with a problem and nothing else."""
    nothing: dict[str, Any] = {"contract": None, "document": None, "operations": [], "others": [], "stale": []}
    return _json_text(outcome="unknown", **nothing, problem=message)


def _json_text(**members: Any) -> str:
    return json.dumps(members, ensure_ascii=True, indent=2, allow_nan=False) + "\n"


def _json_difference(difference: Difference) -> dict[str, Any]:
    def of(side: Side) -> dict[str, Any]:
        return {"pointer": side.pointer_text, "present": side.present, "value": side.value}

    return {
        "verdict": difference.verdict,
        "direction": difference.direction,
        "where": difference.where,
        "change": difference.change,
        "name": difference.name,
        "words": describe(difference),
        "ours": of(difference.old),
        "theirs": of(difference.new),
        "because": difference.reason or None,
    }


def text_report(report: DriftReport, *, known: bool = False) -> str:
    """Write the report as plain lines: for a file, a pipe, or the text of an issue."""
    lines = [f"ours:   {report.contract[0]}", f"theirs: {report.document[0]} (OpenAPI {report.document[2]})", ""]
    for operations, differences in _groups(report, known=known):
        lines += operations
        for difference in differences:
            lines += [f"{difference.verdict:8}  {difference.where}: {describe(difference)}"]
            lines += [f"          ours   #{difference.old.pointer_text}"]
            lines += [f"          theirs #{difference.new.pointer_text}"]
            lines += [f"          {difference.reason}"] if difference.reason else []
        lines += [""]
    return printable("\n".join([*lines, *_foot(report)]), "\n")


def _distinct(report: DriftReport) -> Iterator[tuple[Difference, list[str]]]:
    """Each difference with its operations: what several reach through one component is one difference."""
    found: dict[Any, tuple[Difference, list[str]]] = {}
    for compared in report.operations:
        for d in compared.differences:
            key = (d.verdict, d.direction, d.where, d.change, d.name, d.old.pointer, d.new.pointer)
            found.setdefault(key, (d, []))[1].append(compared.name)
    return iter(found.values())


def _groups(report: DriftReport, *, known: bool) -> list[tuple[list[str], list[Difference]]]:
    """The differences by the operations that have them, the worst first."""
    order = list(DriftVerdict)
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for difference, operations in _distinct(report):
        if known or difference.verdict is not DriftVerdict.KNOWN:
            groups.setdefault(tuple(operations), []).append(difference)
    for differences in groups.values():
        differences.sort(key=lambda difference: order.index(difference.verdict))
    worst = sorted(groups.items(), key=lambda group: order.index(group[1][0].verdict))
    return [(list(operations), differences) for operations, differences in worst]


def _foot(report: DriftReport) -> Iterator[str]:
    for entry, why in report.stale:
        where = f"{entry.where} of {entry.operation}" if entry.operation else entry.where
        yield f"stale     line {entry.line} of the known differences, {where}: {entry.change}: {why}"
    for compared in report.operations:
        if compared.problem:
            yield f"unknown   {compared.problem}"
    if report.missing:
        count = f"{len(report.missing)} of our {len(report.operations)} operations"
        yield f"The document lacks {count}: {', '.join(report.missing)}"
    if report.others:
        more = len(report.others) - _OTHERS
        names = ", ".join([*report.others[:_OTHERS], *([f"and {more} more"] if more > 0 else [])])
        yield f"Not in our contract: {names}"
    verdicts = [difference.verdict for difference, _ in _distinct(report)]
    counts = [verdicts.count(verdict) for verdict in DriftVerdict]
    outcome = _OUTCOMES[report.outcome]
    if report.outcome is Drift.ADDITIVE and DriftVerdict.ADDITIVE not in verdicts:
        outcome = "Nothing is new, but known differences are stale."
    numbers = ", ".join(f"{count} {verdict}" for count, verdict in zip(counts, DriftVerdict, strict=True))
    yield f"{outcome} ({numbers}, {len(report.stale)} stale)"
