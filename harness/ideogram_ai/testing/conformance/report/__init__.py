"""A report as files: JSON for programs, JUnit for CI, one HTML page for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..expected_failures import Outcome, apply_expected
from .json_report import to_json
from .junit import to_junit
from .page import to_html

if TYPE_CHECKING:
    from pathlib import Path

    from ..results import Report


def write_report(report: Report, folder: Path, outcome: Outcome | None = None) -> None:
    """Write `report.json`, `report.xml` (JUnit) and `report.html`. Files of these names are replaced.

    Args:
        report: The report.
        folder: Where to; it is made if it is not there.
        outcome: The report in the light of expected failures; None expects none.

    Raises:
        OSError: The folder or a file cannot be written.
    """
    outcome = outcome or apply_expected(report)
    # All three are made before one is written, and each appears whole: no report of two runs.
    pages = {
        "report.json": to_json(report, outcome),
        "report.xml": to_junit(report, outcome),
        "report.html": to_html(report, outcome),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pages.items():
        written = folder / f".{name}.part"
        written.write_bytes(content.encode("utf-8", "backslashreplace"))
        written.replace(folder / name)
