"""Lists rows by what went wrong with them: a fault that many have is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, field

from ..streams import printable
from .words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ideogram_ai.batch.model import BatchRequest, Outcome

_MOST_GROUPS: Final = 10
_MOST_PLACES: Final = 6


@define
class _Group:
    """Rows with the same fault.

    Attributes:
        number: How many there are.
        lines: The first and the last line of rows that stand behind each other.
        ids: Of rows that were not read from lines.
    """

    number: int = 0
    lines: list[tuple[int, int]] = field(factory=list[tuple[int, int]])
    ids: list[str] = field(factory=list[str])

    def add(self, request: BatchRequest) -> None:
        self.number += 1
        line = request.line
        if line is None:
            if len(self.ids) < _MOST_PLACES:
                self.ids.append(request.key)
        elif self.lines and self.lines[-1][1] == line - 1:
            self.lines[-1] = (self.lines[-1][0], line)
        elif len(self.lines) < _MOST_PLACES:
            self.lines.append((line, line))

    def places(self) -> str:
        parts = [f"{first}" if first == last else f"{first} to {last}" for first, last in self.lines]
        known = sum(last - first + 1 for first, last in self.lines) + len(self.ids)
        kind = "line" if parts else "id"
        plural = "s"[: self.number != 1]
        more = f" and {self.number - known:,} more" if self.number > known else ""
        return f"{kind}{plural} {', '.join(parts + [printable(key) for key in self.ids])}{more}"


@define
class Groups:
    """Rows of one kind.

    Attributes:
        number: How many there are.
    """

    number: int = 0
    _groups: dict[str, _Group] = field(factory=dict[str, _Group])

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Groups:
        """Count rows, and hold what is told of them.

        Args:
            outcomes: The rows in the order of the input.
        """
        groups = cls()
        for outcome in outcomes:
            groups.number += 1
            message = outcome.error or "no reason is known"
            if message in groups._groups or len(groups._groups) < _MOST_GROUPS:
                groups._groups.setdefault(message, _Group()).add(outcome.request)
        return groups

    def lines(self) -> Iterator[str]:
        """What people are shown."""
        for message, group in self._groups.items():
            yield f"  {group.places()}: {printable(message)}\n"
        rest = self.number - sum(group.number for group in self._groups.values())
        if rest:
            yield f"  and {count(rest, 'row')} with other reasons, all in the manifest\n"
