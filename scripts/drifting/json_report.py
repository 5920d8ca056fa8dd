"""The report for machines. Its form stands in docs/drift.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from drifting.words import describe

if TYPE_CHECKING:
    from drifting.check import Compared, Report
    from drifting.difference import Difference, Side


def json_report(report: Report) -> str:
    """Write the report as JSON."""
    document = {
        "outcome": report.outcome.name.lower(),
        "contract": dict(zip(("source", "sha256"), report.contract, strict=True)),
        "document": dict(zip(("source", "sha256", "openapi"), report.document, strict=True)),
        "operations": [_operation(compared) for compared in report.operations],
        "stale": [
            {"line": entry.line, "where": entry.where, "change": entry.change, "name": entry.name, "problem": why}
            for entry, why in report.stale
        ],
        "problem": None,
    }
    return _text(document)


def json_failure(message: str) -> str:
    """Write as JSON that a document could not be read: the same form, with a problem and no more."""
    empty: dict[str, Any] = {"contract": None, "document": None, "operations": [], "stale": []}
    return _text({"outcome": "unknown", **empty, "problem": message})


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=True, indent=2, allow_nan=False) + "\n"


def _operation(compared: Compared) -> dict[str, Any]:
    return {
        "operation": compared.name,
        "theirs": compared.theirs.name if compared.theirs else None,
        "problem": compared.problem or None,
        "differences": [_difference(difference) for difference in compared.differences],
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "verdict": difference.verdict,
        "direction": difference.direction,
        "where": difference.where,
        "change": difference.change,
        "name": difference.name,
        "words": describe(difference),
        "ours": _side(difference.old),
        "theirs": _side(difference.new),
        "because": difference.reason or None,
    }


def _side(side: Side) -> dict[str, Any]:
    return {"pointer": side.pointer_text, "present": side.present, "value": side.value}
