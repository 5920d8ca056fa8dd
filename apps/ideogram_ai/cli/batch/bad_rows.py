"""Lists the rows that cannot be sent: some of each kind, and how many there are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from attrs import define, field

from ideogram_ai.batch.model import RowProblem
from ideogram_ai.batch.reading import OWN_COLUMNS

from ..generate.contract_fields import request_fields
from ..streams import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST: Final = 20
_WHOLE: Final = "the row as a whole"
_MOST_OF_A_FIELD: Final = 5


@define
class BadRows:
    """What is wrong with the rows of an input.

    Attributes:
        problems: The first ones of each field.
        by_field: How many there are, by field.
    """

    problems: list[RowProblem] = field(factory=list[RowProblem])
    by_field: Counter[str] = field(factory=Counter[str])

    def add(self, problem: RowProblem) -> bool:
        """Take note of a problem, and say whether it is among those that are listed."""
        name = problem.field or _WHOLE
        self.by_field[name] += 1
        listed = len(self.problems) < _MOST and self.by_field[name] <= _MOST_OF_A_FIELD
        if listed:
            self.problems.append(problem)
        return listed

    @property
    def unknown_fields(self) -> bool:
        """Whether some rows have a field that the contract does not have."""
        return bool(set(self.by_field) - {*request_fields(), *OWN_COLUMNS, _WHOLE})

    def lines(self) -> Iterator[str]:
        """What people are shown."""
        width = max((len(f"{problem.line}") for problem in self.problems), default=0)
        for problem in self.problems:
            yield f"  line {problem.line:<{width}}  {printable(problem.message)}\n"
        more = self.by_field.total() - len(self.problems)
        if more:
            kinds = ", ".join(f"{printable(name)}: {number:,}" for name, number in self.by_field.most_common())
            yield f"  and {more:,} more; all in all {kinds}\n"
