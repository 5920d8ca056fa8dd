"""The report for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict

from ..results import Verdict

if TYPE_CHECKING:
    from ..expected_failures import Outcome
    from ..results import Report, Result

FORMAT: Final = 1
"""Version of the format; it rises when a member changes its meaning or goes."""


def to_json(report: Report, outcome: Outcome) -> str:
    """The report as JSON, indented."""
    content = {
        "format": FORMAT,
        "kind": report.kind,
        "subject": report.subject,
        "contract_sha256": report.contract_sha256,
        "seed": report.seed,
        "began": report.began.isoformat(),
        "exit_code": outcome.exit_code,
        "notes": list(report.notes),
        "counts": {verdict.value: len(report.of(verdict)) for verdict in Verdict},
        "results": [_result(result, outcome) for result in report.results],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _result(result: Result, outcome: Outcome) -> dict[str, Any]:
    return {
        "requirement": asdict(result.requirement),
        "verdict": result.verdict.value,
        "failure_expected": outcome.reasons.get(result.requirement.id),
        "detail": result.detail,
        "cause": result.cause,
        "exchanges": [asdict(exchange) for exchange in result.exchanges],
    }
