"""Conformance of servers and clients with the contract: what was asked, what became of it, and a report."""

from .expected_failures import ExpectedFailuresError, Outcome, apply_expected
from .report import write_report
from .requirement import Requirement
from .results import RecordedExchange, Report, Result, Verdict, by_cause

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
