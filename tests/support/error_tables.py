"""Reads the tables of docs/errors.md, so that the page and the client cannot say different things."""

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


@dataclass(frozen=True)
class Row:
    """A row of a table: cells by column, and what the row is tried with."""

    cells: dict[str, str]
    tried_with: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """The first word in backticks of the outcome's cell, or the cell."""
        cell = self.cells.get("Outcome", self.cells.get("Error", ""))
        words = re.findall(r"`([^`]+)`", cell)
        return words[0] if words else cell


def read_rows(heading: str) -> list[Row]:
    """The rows of the table below a heading."""
    section = PAGE.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    rows = [dict(zip([name.strip() for name in head], cells, strict=True)) for cells in body]
    return [Row(row, tuple(re.findall(r"`([^`]+)`", row["Tried with"]))) for row in rows]


def cases(heading: str) -> list[tuple[str, Row]]:
    """Each thing that a row is tried with, beside its row; a name with `*` is every fault of such a name."""
    return [(name, row) for row in read_rows(heading) for word in row.tried_with for name in _expanded(word)]


def _expanded(word: str) -> list[str]:
    return fnmatch.filter([*FAULTS, *IMAGE_FAULTS], word) if word.endswith("*") else [word]
