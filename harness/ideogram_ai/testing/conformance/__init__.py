"""Conformance of servers and clients with the contract: requirements, verdicts and a report."""

from .kit import (
    ExpectedFailuresError,
    Outcome,
    RecordedExchange,
    Report,
    Requirement,
    Result,
    Verdict,
    apply_expected,
    by_cause,
)
from .report import write_report

__all__ = [
    "ExpectedFailuresError",
    "Outcome",
    "RecordedExchange",
    "Report",
    "Requirement",
    "Result",
    "Verdict",
    "apply_expected",
    "by_cause",
    "write_report",
]
